/**
 * A backend that limits the rate of reads and writes, each separately, so that a backup during the day leaves the network to
 * others. It counts the bytes of objects, sealed and compressed as they are sent, without names, listings and headers.
 */
import { ByteRate } from "../../base/time/byte-rate.ts";
import type { Clock } from "../../base/time/clock.ts";
import { invalidArgument } from "../../errors.ts";
import type { RepositoryBackend } from "./backend/backend.ts";
import { chunkBytes } from "./chunks.ts";

/** One chunk per second: at a lower rate one chunk, which is sent whole, takes several seconds, and so does stopping. */
const bytesPerSecondMin = chunkBytes;

/** @throws INVALID_ARGUMENT for a rate that is not a number of at least 65,536 */
export function checkRate(bytesPerSecond: number | undefined): void {
  if (bytesPerSecond === undefined) return;
  if (Number.isFinite(bytesPerSecond) && bytesPerSecond >= bytesPerSecondMin) return;
  throw invalidArgument(
    "bytesPerSecond",
    `Cannot open repository: bytesPerSecond is ${String(bytesPerSecond)}, expected a number of at least ${bytesPerSecondMin}`,
  );
}

export function limitedBackend(
  backend: RepositoryBackend,
  bytesPerSecond: number,
  clock: Clock,
): RepositoryBackend {
  const [up, down] = [new ByteRate(bytesPerSecond, clock), new ByteRate(bytesPerSecond, clock)];
  return {
    scratch: backend.scratch,
    async read(name) {
      const bytes = await backend.read(name);
      if (bytes !== undefined) await down.pass(bytes.length);
      return bytes;
    },
    async write(name, bytes) {
      await up.pass(bytes.length);
      await backend.write(name, bytes);
    },
    has: (name) => backend.has(name),
    list: (folder) => backend.list(folder),
    delete: (name) => backend.delete(name),
    lock: () => backend.lock(),
    sweep: async (depth) => await backend.sweep?.(depth),
  };
}
