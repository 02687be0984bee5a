/**
 * A backend whose objects come and go at a bounded rate, each direction by itself: a backup at noon leaves the network to
 * others. Counted are the bytes of objects, sealed and packed as they are sent; names, listings and headers are not.
 */
import { ByteRate } from "../../base/time/byte-rate.ts";
import type { Clock } from "../../base/time/clock.ts";
import { invalidArgument } from "../../errors.ts";
import type { RepositoryBackend } from "./backend/backend.ts";
import { chunkBytes } from "./chunks.ts";

/** A chunk a second: below it one chunk, which is sent whole, would take several seconds and a stop as long. */
const bytesPerSecondMin = chunkBytes;

/** @throws INVALID_ARGUMENT for a rate that is no number of at least 65,536 */
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
