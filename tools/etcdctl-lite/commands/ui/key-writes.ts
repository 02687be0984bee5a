/**
 * The page's writes, if it was started with --allow-writes: each is one transaction that requires the version the
 * reader saw, so no change in between is lost.
 */
import type { Etcd } from "keelson/etcd";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import type { ValueReader } from "../../store/value-reader.ts";
import { isEditable } from "./key-story.ts";
import { readVersion } from "./shown-value.ts";

type Call = { readonly signal: AbortSignal; readonly timeoutMs: number };

export interface Written {
  readonly revision: string;
}

/** @throws CliFailure when the key is not at `modRevision` any more */
export async function deleteKey(
  etcd: Etcd,
  { key, modRevision }: { readonly key: Uint8Array; readonly modRevision: bigint },
  call: Call,
): Promise<Written> {
  const { header, succeeded } = await etcd.kv.txn(
    {
      compare: [{ key, target: "mod", result: "=", operand: modRevision }],
      success: [{ type: "delete", delete: { key } }],
      failure: [],
    },
    call,
  );
  if (!succeeded) throw moved();
  return { revision: header.revision.toString() };
}

/**
 * Replaces text with text; the lease stays. @throws CliFailure for an object, or when the key is no longer at
 * `modRevision`
 */
export async function putText(
  etcd: Etcd,
  reader: ValueReader,
  asked: { readonly key: Uint8Array; readonly modRevision: bigint; readonly text: string },
  call: Call,
): Promise<Written> {
  const { key, modRevision, text } = asked;
  const [kv] = (await etcd.kv.range({ key }, call)).kvs;
  if (kv === undefined || kv.modRevision !== modRevision) throw moved();
  const read = await readVersion(reader, {
    key: Buffer.from(key).toString(),
    value: kv.value,
    revision: kv.modRevision,
  });
  if (!isEditable(read, kv.value)) {
    throw new CliFailure(
      exitCodes.error,
      "Only plain text can be changed here: an object is for the API server that keeps it",
    );
  }
  const { header, succeeded } = await etcd.kv.txn(
    {
      compare: [{ key, target: "mod", result: "=", operand: modRevision }],
      success: [{ type: "put", put: { key, value: text, lease: kv.lease } }],
      failure: [],
    },
    call,
  );
  if (!succeeded) throw moved();
  return { revision: header.revision.toString() };
}

const moved = (): CliFailure =>
  new CliFailure(exitCodes.error, "The key has changed since it was shown: look at it again first");
