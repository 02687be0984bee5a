/** A repository with a bound on its bytes a second: counted where they are stored, by a clock that the test moves. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRepository } from "keelson/backup";
import { expect, test } from "vitest";
import {
  openDirectoryBackend,
  type RepositoryBackend,
} from "../../../../src/backup/repository/backend/backend.ts";
import { limitedBackend } from "../../../../src/backup/repository/limited-backend.ts";
import { ManualClock } from "../../../../src/testing/manual-clock.ts";

const rate = 100_000;
const pieceBytes = 65_536;

/** Objects in memory, with the bytes that came and went. */
function counted(): RepositoryBackend & { up: number; down: number } {
  const objects = new Map<string, Uint8Array>();
  const backend = {
    up: 0,
    down: 0,
    scratch: tmpdir(),
    read: async (name: string) => objects.get(name),
    write: async (name: string, bytes: Uint8Array) => {
      backend.up += bytes.length;
      objects.set(name, bytes);
    },
    has: async (name: string) => objects.has(name),
    list: async () => [...objects.keys()],
    delete: async (name: string) => void objects.delete(name),
    lock: async () => ({ [Symbol.asyncDispose]: async () => {} }),
  };
  return backend;
}

test("uploads and downloads keep to the rate, each direction by itself, and listings and look-ups do not wait", async () => {
  const clock = new ManualClock();
  const backend = counted();
  const limited = limitedBackend(backend, rate, clock);
  const piece = new Uint8Array(pieceBytes);
  const writes = Array.from({ length: 16 }, (_, i) => limited.write(`chunks/${i}`, piece));
  for (let second = 1; second <= 10; second++) {
    await clock.advance(1_000);
    expect(backend.up).toBeLessThanOrEqual(rate * (second + 0.1) + pieceBytes);
    expect(backend.up).toBeGreaterThanOrEqual(Math.min(16 * pieceBytes, rate * second - pieceBytes));
    expect(await limited.has("chunks/0")).toBe(true);
    expect((await limited.list("chunks")).length).toBe(backend.up / pieceBytes);
  }
  await clock.advance(1_000);
  await Promise.all(writes);
  // The way out has a bucket of its own: it does not pay for what went in.
  let down = 0;
  const reads = Array.from({ length: 16 }, (_, i) =>
    limited.read(`chunks/${i}`).then((bytes) => (down += bytes?.length ?? 0)),
  );
  for (let second = 1; second <= 11; second++) {
    await clock.advance(1_000);
    expect(down).toBeLessThanOrEqual(rate * (second + 0.1) + pieceBytes);
  }
  await Promise.all(reads);
  expect(down).toBe(16 * pieceBytes);
  expect(clock.pending).toBe(0);
});

test("a directory opened with a rate takes an object at that rate", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keelson-rate-"));
  const clock = new ManualClock();
  const limited = limitedBackend(await openDirectoryBackend(folder), pieceBytes, clock);
  let written = 0;
  const write = async (name: string): Promise<void> => {
    await limited.write(name, new Uint8Array(pieceBytes));
    written++;
  };
  const all = Promise.all(["chunks/aa/1", "chunks/aa/2", "chunks/aa/3"].map(write));
  await clock.advance(800);
  expect(written).toBe(0);
  await clock.advance(2_200);
  await all;
  expect((await limited.list("chunks")).length).toBe(3);
  await rm(folder, { recursive: true });
});

test("a rate that is none, or below a chunk a second, is refused before anything is opened", async () => {
  for (const bytesPerSecond of [0, -1, 65_535, Number.NaN, Number.POSITIVE_INFINITY]) {
    const opened = openRepository({ directory: "s3://nowhere", bytesPerSecond });
    await expect(opened).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument: "bytesPerSecond" },
    });
  }
});
