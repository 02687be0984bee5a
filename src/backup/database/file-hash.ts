/**
 * SHA-256 of a file on a separate thread: this thread checks pages at the same time, and the event loop stays free.
 *
 * The thread's program is text, because it must run the same from compiled and from source files, and a worker of Node 20
 * cannot load TypeScript. It owns no descriptor: the caller keeps its descriptor open until the result arrives.
 */
import { createHash } from "node:crypto";
import { readSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { untilAborted } from "../../base/until-aborted.ts";

/** Bytes of one sequential read: full disk speed, little memory. */
const scanBytes = 1024 * 1024;
/** A smaller file is hashed faster than a thread starts. */
const threadMinBytes = 16 * 1024 * 1024;

const program = `
  const { createHash } = require("node:crypto");
  const { readSync } = require("node:fs");
  const { parentPort, workerData: { fd, length, scanBytes } } = require("node:worker_threads");
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafeSlow(Math.min(scanBytes, length));
  for (let offset = 0; offset < length; ) {
    const read = readSync(fd, buffer, 0, Math.min(buffer.length, length - offset), offset);
    if (read === 0) throw new Error("the file ends at byte " + offset + ", expected " + length + " bytes");
    hash.update(buffer.subarray(0, read));
    offset += read;
  }
  parentPort.postMessage(hash.digest());
`;

/** The hash of the first `length` bytes of descriptor `fd`, which the caller keeps open. */
export async function sha256OfFile(
  fd: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  if (length < threadMinBytes) return hashHere(fd, length);
  const worker = new Worker(program, {
    eval: true,
    workerData: { fd, length, scanBytes },
    // The thread holds two small objects: the default heap would reserve far more.
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
  });
  try {
    return await untilAborted(
      new Promise<Uint8Array>((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
      }),
      signal,
    );
  } finally {
    await worker.terminate();
  }
}

function hashHere(fd: number, length: number): Uint8Array {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafeSlow(Math.min(scanBytes, Math.max(1, length)));
  for (let offset = 0; offset < length; ) {
    const read = readSync(fd, buffer, 0, Math.min(buffer.length, length - offset), offset);
    if (read === 0) throw new Error(`the file ends at byte ${offset}, expected ${length} bytes`);
    hash.update(buffer.subarray(0, read));
    offset += read;
  }
  return hash.digest();
}
