/**
 * A repository in object storage: `s3://bucket/prefix`.
 *
 * Each object is written with one request, named as in a directory. None is larger than a manifest, so none needs a multipart
 * upload. A killed process leaves only whole objects: chunks that no manifest names, which `prune` removes.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "../../../base/random.ts";
import { systemClock } from "../../../base/time/clock.ts";
import type { RepositoryBackend } from "../backend/backend.ts";
import { parseS3Address, type S3Options } from "./s3-address.ts";
import { CredentialChain } from "./s3-credentials.ts";
import { S3Listing } from "./s3-listing.ts";
import { type LockContext, S3Lock } from "./s3-lock.ts";
import { RecentBackups } from "./s3-recent.ts";
import { S3Requests } from "./s3-requests.ts";

/**
 * Opens the backend over the bucket of `url`, and sends one request to check that it can be read.
 *
 * @param url `s3://bucket/prefix`
 * @throws INVALID_ARGUMENT for a missing bucket · UNAUTHENTICATED, PERMISSION_DENIED · UNAVAILABLE
 */
export async function openS3Backend(url: string, options: S3Options = {}): Promise<RepositoryBackend> {
  const environment = process.env;
  const address = parseS3Address(url, options, environment);
  const clock = systemClock;
  const random = systemRandom;
  const credentials = new CredentialChain({
    environment,
    clock,
    region: address.region,
    given: options.credentials,
  });
  const requests = new S3Requests({ address, options, credentials, clock, random });
  const listing = new S3Listing(requests, address);
  await requests.send({ method: "GET", name: "", query: { "list-type": "2", "max-keys": "1" } });
  const sealed = encryptionHeaders(options);
  const recent = new RecentBackups(requests, sealed);
  const server: LockContext["server"] = { keepsConditions: undefined };
  let held: S3Lock | undefined;
  const scratch = await mkdtemp(join(tmpdir(), "keelson-repository-"));
  return {
    scratch,
    async read(name) {
      const { status, body } = await requests.send({ method: "GET", name, accepted: [404] });
      return status === 404 ? undefined : body;
    },
    async has(name) {
      return (await requests.send({ method: "HEAD", name, accepted: [404] })).status !== 404;
    },
    async write(name, bytes) {
      held?.assertHeld();
      if (isBackup(name)) await recent.add(name);
      await requests.send({ method: "PUT", name, body: bytes, headers: sealed });
    },
    async list(folder) {
      const listed = await listing.names(folder);
      return folder === "backups" ? [...new Set([...listed, ...(await recent.names())])] : listed;
    },
    async delete(name) {
      held?.assertHeld();
      await requests.send({ method: "DELETE", name, accepted: [404] });
      if (isBackup(name)) await recent.remove(name);
    },
    async lock() {
      held = await S3Lock.take({ requests, clock, random, place: url, server });
      return held;
    },
  };
}

const isBackup = (name: string): boolean => name.startsWith("backups/");

function encryptionHeaders({ serverSideEncryption: asked }: S3Options): Readonly<Record<string, string>> {
  if (asked === undefined) return {};
  return {
    "X-Amz-Server-Side-Encryption": asked.algorithm,
    ...(asked.keyId === undefined ? {} : { "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": asked.keyId }),
  };
}
