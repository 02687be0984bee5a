/**
 * Undo of a direct restore: a file with the previous value of each key, one JSON object per line.
 *
 *   {"direct":"keelson 1"}
 *   {"key":"…","before":"…","written":"…"}      base64; before is absent for a key that did not exist
 *
 * A key is reverted only while it has the value that the restore wrote.
 */
import { open } from "node:fs/promises";
import type { Etcd } from "keelson/etcd";
import type { Session } from "../cli/session.ts";
import type { DirectPlan } from "./direct-restore.ts";

const header = '{"direct":"keelson 1"}';

/** Written completely before anything is changed. */
export async function writeDirectUndo(path: string, plan: DirectPlan): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    const lines = plan.steps.map(({ wanted, before }) =>
      JSON.stringify({
        key: base64(wanted.stored.key),
        before: before === undefined ? undefined : base64(before),
        written: base64(wanted.stored.value),
      }),
    );
    await file.writeFile(`${[header, ...lines].join("\n")}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

export function isDirectUndo(text: string): boolean {
  return text.startsWith(`${header}\n`);
}

/** @returns the number of reverted keys, and the keys that have changed since */
export async function undoDirect(
  session: Session,
  etcd: Etcd,
  text: string,
): Promise<{ readonly undone: number; readonly left: readonly string[] }> {
  const left: string[] = [];
  let undone = 0;
  for (const line of text.split("\n").slice(1).reverse()) {
    if (line === "") continue;
    const entry = JSON.parse(line) as { key: string; before?: string; written: string };
    const [key, written] = [Buffer.from(entry.key, "base64"), Buffer.from(entry.written, "base64")];
    const { succeeded } = await etcd.kv.txn(
      {
        compare: [{ key, target: "value", result: "=", operand: written }],
        success: [
          entry.before === undefined
            ? { type: "delete", delete: { key } }
            : { type: "put", put: { key, value: Buffer.from(entry.before, "base64") } },
        ],
        failure: [],
      },
      session.call,
    );
    if (succeeded) undone++;
    else left.push(key.toString());
  }
  return { undone, left };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
