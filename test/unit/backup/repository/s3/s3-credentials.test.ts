import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseS3Address } from "../../../../../src/backup/repository/s3/s3-address.ts";
import { CredentialChain } from "../../../../../src/backup/repository/s3/s3-credentials.ts";
import { systemClock } from "../../../../../src/base/time/clock.ts";

let folder = "";
let server: Server;
let base = "";
const asked: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keelson-aws-"));
  // STS, a container's endpoint and an instance's metadata service, each at its own path.
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString();
      asked.push(`${request.method} ${request.url} ${body}`);
      const expires = new Date(systemClock.nowMs() + 3_600_000).toISOString();
      const keys = (id: string): string =>
        JSON.stringify({ AccessKeyId: id, SecretAccessKey: "s&cret", Token: "t", Expiration: expires });
      if (request.url === "/" && body.includes("WebIdentityToken=the-token")) {
        response.end(
          `<R><Credentials><AccessKeyId>STS</AccessKeyId><SecretAccessKey>s&amp;cret</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expires}</Expiration></Credentials></R>`,
        );
      } else if (request.url === "/container" && request.headers.authorization === "pass") {
        response.end(keys("CONTAINER"));
      } else if (request.url === "/latest/api/token" && request.method === "PUT") {
        response.end("session");
      } else if (request.headers["x-aws-ec2-metadata-token"] === "session") {
        response.end(request.url?.endsWith("/") ? "the-role" : keys("INSTANCE"));
      } else response.writeHead(403).end("<Error><Message>no</Message></Error>");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(
    join(folder, "credentials"),
    "# a comment\n[default]\naws_access_key_id = FILE\naws_secret_access_key=s\n[other]\naws_access_key_id=OTHER\naws_secret_access_key=s\n",
  );
  await writeFile(join(folder, "token"), "the-token\n");
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const find = (environment: Record<string, string>, more: object = {}): Promise<unknown> =>
  new CredentialChain({
    environment: { HOME: join(folder, "nobody"), AWS_EC2_METADATA_SERVICE_ENDPOINT: base, ...environment },
    clock: systemClock,
    region: "eu-north-1",
    ...more,
  }).current();

describe("the chain of credentials", () => {
  const environment = { AWS_ACCESS_KEY_ID: "ENV", AWS_SECRET_ACCESS_KEY: "s" };
  const identity = (): Record<string, string> => ({
    AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, "token"),
    AWS_ROLE_ARN: "arn:aws:iam::1:role/backup",
    AWS_ENDPOINT_URL_STS: base,
  });
  const files = (): Record<string, string> => ({ AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials") });
  const container = (): Record<string, string> => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${base}/container`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: "pass",
  });

  test("each source is found where those before it are not configured", async () => {
    const all = { ...environment, ...identity(), ...files(), ...container() };
    const given = { accessKeyId: "GIVEN", secretAccessKey: "s" };
    expect(await find(all, { given })).toMatchObject({ accessKeyId: "GIVEN" });
    expect(await find(all)).toMatchObject({ accessKeyId: "ENV" });
    expect(await find({ ...identity(), ...files(), ...container() })).toMatchObject({
      accessKeyId: "STS",
      secretAccessKey: "s&cret",
      sessionToken: "t",
    });
    expect(await find({ ...files(), ...container() })).toMatchObject({ accessKeyId: "FILE" });
    expect(await find({ ...files(), AWS_PROFILE: "other" })).toMatchObject({ accessKeyId: "OTHER" });
    expect(await find(container())).toMatchObject({ accessKeyId: "CONTAINER" });
    expect(await find({})).toMatchObject({ accessKeyId: "INSTANCE" });
  });

  test("a source that is configured and fails is an error, and none at all says what to set", async () => {
    const none = { AWS_EC2_METADATA_DISABLED: "true" };
    await expect(find(none)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(find(none)).rejects.toThrow("AWS_ACCESS_KEY_ID");
    await expect(find({ ...none, ...files(), AWS_PROFILE: "nobody" })).rejects.toThrow('profile "nobody"');
    await expect(find({ ...identity(), AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere" })).rejects.toThrow(
      "/nowhere",
    );
    await expect(find({ ...container(), AWS_CONTAINER_AUTHORIZATION_TOKEN: "no" })).rejects.toThrow("403");
  });
});

describe("parseS3Address()", () => {
  test("endpoint, region and style complete the text", () => {
    expect(parseS3Address("s3://bucket", {}, {})).toMatchObject({
      protocol: "https:",
      hostname: "bucket.s3.us-east-1.amazonaws.com",
      basePath: "/",
      prefix: "",
    });
    expect(
      parseS3Address("s3://bucket/a//b/", { endpoint: "http://minio:9000/x" }, { AWS_REGION: "eu" }),
    ).toMatchObject({
      protocol: "http:",
      hostname: "minio",
      port: 9000,
      basePath: "/x/bucket/",
      prefix: "a/b/",
    });
    expect(parseS3Address("s3://a.bucket", { region: "eu" }, {})).toMatchObject({
      hostname: "s3.eu.amazonaws.com",
      basePath: "/a.bucket/",
    });
    expect(
      parseS3Address("s3://bucket", { style: "virtual" }, { AWS_ENDPOINT_URL: "https://r2.example" }),
    ).toMatchObject({ hostname: "bucket.r2.example", basePath: "/" });
    expect(() => parseS3Address("s3://bucket", { endpoint: "ftp://x" }, {})).toThrow(/no http or https URL/);
  });
});
