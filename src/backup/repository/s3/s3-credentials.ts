/**
 * The credentials of S3 requests, searched in the order of AWS' own tools:
 *
 *   options > environment > web identity (a pod's role) > shared files > container endpoint > instance metadata
 *
 * Temporary ones are fetched again five minutes before they expire. A configured source that fails is an error;
 * a source that is not configured is skipped.
 */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { systemErrorCode } from "../../../base/system-error.ts";
import { messageOf } from "../../../base/text/message-of.ts";
import type { Clock } from "../../../base/time/clock.ts";
import { StoreError } from "../../../errors.ts";
import { plainRequest } from "./http-request.ts";
import type { S3Credentials } from "./s3-address.ts";
import { xmlText } from "./xml-text.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Time before expiry at which they are fetched again, so that none expires during a request. */
const renewBeforeMs = 5 * 60_000;
/** A metadata service is one hop away; if it does not answer, the machine is not such an instance. */
const metadataTimeoutMs = 1_000;
const stsTimeoutMs = 10_000;

export interface CredentialOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly region: string;
  /** Given credentials are used as they are. */
  readonly given?: S3Credentials | undefined;
  /** Address of the instance metadata service; default 169.254.169.254. AWS_EC2_METADATA_SERVICE_ENDPOINT names it, too. */
  readonly metadataEndpoint?: string | undefined;
}

export class CredentialChain {
  readonly #options: CredentialOptions;
  #held: Promise<S3Credentials> | undefined;
  #renewAtMs = Number.POSITIVE_INFINITY;

  constructor(options: CredentialOptions) {
    this.#options = options;
  }

  /** @throws UNAUTHENTICATED when there are none, or a configured source fails */
  current(): Promise<S3Credentials> {
    if (this.#held !== undefined && this.#options.clock.nowMs() < this.#renewAtMs) return this.#held;
    const held = this.#find().then((found) => {
      this.#renewAtMs =
        found.expiresAtMs === undefined ? Number.POSITIVE_INFINITY : found.expiresAtMs - renewBeforeMs;
      return found;
    });
    this.#held = held;
    held.catch(() => {
      if (this.#held === held) this.#held = undefined;
    });
    return held;
  }

  /** The server refuses the credentials: the next request searches again. */
  forget(): void {
    this.#held = undefined;
  }

  async #find(): Promise<S3Credentials> {
    const { given, environment } = this.#options;
    const found =
      given ??
      fromEnvironment(environment) ??
      (await fromWebIdentity(this.#options)) ??
      (await fromSharedFiles(environment)) ??
      (await fromContainer(environment)) ??
      (await fromInstance(this.#options));
    if (found !== undefined) return found;
    throw unauthenticated(
      "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile in ~/.aws/credentials, or a role",
    );
  }
}

function fromEnvironment(environment: Environment): S3Credentials | undefined {
  const accessKeyId = environment["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: environment["AWS_SESSION_TOKEN"] || undefined };
}

/** A token file that the platform renews (Kubernetes' service accounts), exchanged for a role's credentials at STS. */
async function fromWebIdentity({
  environment,
  region,
}: CredentialOptions): Promise<S3Credentials | undefined> {
  const file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"];
  const role = environment["AWS_ROLE_ARN"];
  if (!file || !role) return undefined;
  const token = await readFile(file, "utf8").catch((error: unknown) => {
    throw unauthenticated(`the token file "${file}" cannot be read: ${messageOf(error)}`);
  });
  const query = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: role,
    RoleSessionName: environment["AWS_ROLE_SESSION_NAME"] || "keelson",
    WebIdentityToken: token.trim(),
  });
  const endpoint = environment["AWS_ENDPOINT_URL_STS"] || `https://sts.${region}.amazonaws.com`;
  const reply = await plainRequest(`${endpoint.replace(/\/$/, "")}/`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: Buffer.from(query.toString()),
    timeoutMs: stsTimeoutMs,
  }).catch((error: unknown) => {
    throw unauthenticated(`STS cannot be reached at ${endpoint}: ${messageOf(error)}`);
  });
  const text = reply.body.toString("utf8");
  const accessKeyId = xmlText(text, "AccessKeyId");
  const secretAccessKey = xmlText(text, "SecretAccessKey");
  if (reply.status !== 200 || accessKeyId === undefined || secretAccessKey === undefined) {
    throw unauthenticated(
      `STS refuses the role "${role}": ${xmlText(text, "Message") ?? `status ${reply.status}`}`,
    );
  }
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: xmlText(text, "SessionToken"),
    expiresAtMs: expiryOf(xmlText(text, "Expiration")),
  };
}

/** ~/.aws/credentials, then ~/.aws/config, under AWS_PROFILE or "default". */
async function fromSharedFiles(environment: Environment): Promise<S3Credentials | undefined> {
  const home = environment["HOME"] || homedir();
  const profile = environment["AWS_PROFILE"] || "default";
  const files = [
    [environment["AWS_SHARED_CREDENTIALS_FILE"] || join(home, ".aws", "credentials"), profile],
    [
      environment["AWS_CONFIG_FILE"] || join(home, ".aws", "config"),
      profile === "default" ? profile : `profile ${profile}`,
    ],
  ] as const;
  for (const [path, section] of files) {
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (["ENOENT", "ENOTDIR", "EACCES"].includes(systemErrorCode(error) ?? "")) return "";
      throw error;
    });
    const values = iniSection(text, section);
    const accessKeyId = values.get("aws_access_key_id");
    const secretAccessKey = values.get("aws_secret_access_key");
    if (accessKeyId === undefined || secretAccessKey === undefined) continue;
    return { accessKeyId, secretAccessKey, sessionToken: values.get("aws_session_token") };
  }
  if (environment["AWS_PROFILE"])
    throw unauthenticated(`the profile "${profile}" has no keys in AWS' shared files`);
  return undefined;
}

/** `[section]` and `key = value` lines; comments begin with "#" or ";". */
function iniSection(text: string, section: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let inside = false;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1];
    if (heading !== undefined) inside = heading === section;
    const [, key, value] = /^([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (inside && key !== undefined && value !== undefined && value !== "")
      values.set(key.toLowerCase(), value);
  }
  return values;
}

/** ECS tasks and EKS pod identities: one URL, with a token in a header. */
async function fromContainer(environment: Environment): Promise<S3Credentials | undefined> {
  const relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  const url = relative
    ? `http://169.254.170.2${relative}`
    : environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  if (!url) return undefined;
  const file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  const token = file
    ? (await readFile(file, "utf8")).trim()
    : environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"];
  const reply = await plainRequest(url, {
    headers: token ? { authorization: token } : {},
    timeoutMs: stsTimeoutMs,
  }).catch((error: unknown) => {
    throw unauthenticated(`the container's credentials at ${url} cannot be read: ${messageOf(error)}`);
  });
  if (reply.status !== 200) throw unauthenticated(`the container's credentials: status ${reply.status}`);
  return fromMetadata(reply.body);
}

/** The role of the machine itself (IMDSv2). A machine without the service is not an error. */
async function fromInstance({
  environment,
  metadataEndpoint,
}: CredentialOptions): Promise<S3Credentials | undefined> {
  if (environment["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return undefined;
  const base = (
    metadataEndpoint ??
    (environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || "http://169.254.169.254")
  ).replace(/\/$/, "");
  const timeoutMs = metadataTimeoutMs;
  const token = await plainRequest(`${base}/latest/api/token`, {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" },
    timeoutMs,
  }).catch(() => undefined);
  if (token?.status !== 200) return undefined;
  const headers = { "x-aws-ec2-metadata-token": token.body.toString("utf8") };
  const roles = `${base}/latest/meta-data/iam/security-credentials/`;
  const role = await plainRequest(roles, { headers, timeoutMs });
  if (role.status !== 200) return undefined;
  const name = role.body.toString("utf8").trim().split("\n")[0] ?? "";
  const reply = await plainRequest(`${roles}${name}`, { headers, timeoutMs });
  if (reply.status !== 200) throw unauthenticated(`the instance's role "${name}": status ${reply.status}`);
  return fromMetadata(reply.body);
}

function fromMetadata(body: Buffer): S3Credentials {
  const reply: unknown = JSON.parse(body.toString("utf8"));
  const field = (name: string): string | undefined => {
    const value = typeof reply === "object" && reply !== null ? Reflect.get(reply, name) : undefined;
    return typeof value === "string" ? value : undefined;
  };
  const accessKeyId = field("AccessKeyId");
  const secretAccessKey = field("SecretAccessKey");
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw unauthenticated("the metadata service answers without AccessKeyId and SecretAccessKey");
  }
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: field("Token"),
    expiresAtMs: expiryOf(field("Expiration")),
  };
}

function expiryOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function unauthenticated(reason: string): StoreError<"UNAUTHENTICATED"> {
  return new StoreError("UNAUTHENTICATED", `Cannot sign in to object storage: ${reason}`, { reason });
}
