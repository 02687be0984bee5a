/**
 * Determines bucket, prefix and server: `s3://bucket/prefix`, completed by the options and the environment.
 * AWS and every server of its S3 protocol (MinIO, Ceph, Garage, R2).
 *
 * Environment, as for AWS' own tools: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION. Options win.
 */
import { checkOptions, type NamesOf } from "../../../base/text/known-options.ts";
import { quote } from "../../../base/text/quote.ts";
import { invalidArgument } from "../../../errors.ts";

/** Connection to an `s3://` repository. Every field has a default. */
export interface S3Options {
  /** `https://minio.example:9000`; default: AWS' own endpoint of the region. */
  readonly endpoint?: string | undefined;
  /** Default `us-east-1`. Servers without regions accept any. */
  readonly region?: string | undefined;
  /** `path`: endpoint/bucket/key; `virtual`: bucket.endpoint/key. Default `path` with an endpoint, `virtual` without. */
  readonly style?: "path" | "virtual" | undefined;
  /** PEM of the authority that signed the endpoint's certificate, if the system does not trust it. */
  readonly ca?: string | Uint8Array | undefined;
  /** Server-side encryption: `AES256`, or `aws:kms` with a key's id. Default: the bucket's. */
  readonly serverSideEncryption?:
    | {
        /** `AES256` or `aws:kms`. */
        readonly algorithm: string;
        /** The key of `aws:kms`; default the bucket's. */
        readonly keyId?: string | undefined;
      }
    | undefined;
  /** Credentials to use instead of the search of s3-credentials.ts. */
  readonly credentials?: S3Credentials | undefined;
  /** Limit of one request, milliseconds; default 60,000. */
  readonly requestTimeoutMs?: number | undefined;
}

const s3Names: NamesOf<S3Options> = {
  endpoint: "text",
  region: "text",
  style: ["path", "virtual"],
  ca: "bytes",
  serverSideEncryption: "object",
  credentials: "object",
  requestTimeoutMs: "positive",
};

/** An access key of S3, temporary or permanent. */
export interface S3Credentials {
  /** The public half. */
  readonly accessKeyId: string;
  /** The secret half. */
  readonly secretAccessKey: string;
  /** With temporary credentials. */
  readonly sessionToken?: string | undefined;
  /** Expiry, milliseconds since 1970. */
  readonly expiresAtMs?: number | undefined;
}

const credentialNames: NamesOf<S3Credentials> = {
  accessKeyId: "text",
  secretAccessKey: "secret",
  sessionToken: "secret",
  expiresAtMs: "count",
};
const encryptionNames = { algorithm: "text", keyId: "text" } as const;

export interface S3Address {
  readonly bucket: string;
  /** "" or "some/prefix/", with a trailing slash. */
  readonly prefix: string;
  readonly protocol: "http:" | "https:";
  readonly hostname: string;
  readonly port: number | undefined;
  /** Prefix of every key in a request's path: "/" or "/bucket/". */
  readonly basePath: string;
  readonly region: string;
}

/** Bucket names as AWS allows them: 3 to 63 lower-case letters, digits, "." and "-", a letter or digit at both ends. */
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** @throws INVALID_ARGUMENT for a text that is not `s3://bucket[/prefix]`, or an endpoint that is not a URL */
export function parseS3Address(
  text: string,
  options: S3Options,
  environment: Readonly<Record<string, string | undefined>>,
): S3Address {
  checkOptions(options, "open the repository", s3Names, "s3");
  const { credentials, serverSideEncryption } = options;
  checkOptions(credentials, "open the repository", credentialNames, "s3.credentials");
  checkOptions(serverSideEncryption, "open the repository", encryptionNames, "s3.serverSideEncryption");
  const refuse = (what: string): Error =>
    invalidArgument("directory", `Cannot open repository ${quote(text)}: ${what}`);
  const [, bucket = "", rest = ""] = /^s3:\/\/([^/?#]*)(?:\/([^?#]*))?$/.exec(text) ?? [];
  if (!bucketName.test(bucket)) throw refuse(`expected "s3://bucket/prefix", with a bucket's name`);
  const parts = rest.split("/").filter((part) => part !== "");
  if (parts.some((part) => part === "." || part === "..")) throw refuse(`the prefix has a "." or ".." part`);
  const region =
    options.region ?? (environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"] || "us-east-1");
  const own = options.endpoint ?? (environment["AWS_ENDPOINT_URL_S3"] || environment["AWS_ENDPOINT_URL"]);
  const endpoint = own === undefined ? new URL(`https://s3.${region}.amazonaws.com`) : parsedUrl(own);
  if (endpoint === undefined) throw refuse(`the endpoint ${quote(own ?? "")} is no http or https URL`);
  // A bucket with a dot does not match a wildcard certificate, so it goes into the path.
  const style = options.style ?? (own === undefined && !bucket.includes(".") ? "virtual" : "path");
  const folder = endpoint.pathname.replace(/\/*$/, "/");
  return {
    bucket,
    prefix: parts.map((part) => `${part}/`).join(""),
    protocol: endpoint.protocol === "http:" ? "http:" : "https:",
    hostname: style === "virtual" ? `${bucket}.${endpoint.hostname}` : endpoint.hostname,
    port: endpoint.port === "" ? undefined : Number(endpoint.port),
    basePath: style === "virtual" ? folder : `${folder}${bucket}/`,
    region,
  };
}

function parsedUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === "http:" || url.protocol === "https:" ? url : undefined;
}
