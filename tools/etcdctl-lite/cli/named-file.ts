/** A file that a flag names: its bytes, or the read error in etcdctl's text. */
import { readFile } from "node:fs/promises";
import { messageOf } from "../../../src/base/text/message-of.ts";
import { badArguments } from "./failure.ts";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EISDIR: "is a directory",
  EACCES: "permission denied",
};

/** @throws CliFailure naming the file */
export async function readNamedFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const why = reasons[code] ?? messageOf(error);
    throw badArguments(`open ${path}: ${why}`);
  }
}
