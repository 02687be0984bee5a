/**
 * The contract of every `RepositoryBackend`, as checks that any test runner can call. Authors of a backend for another
 * object store run them. They use only the interface.
 *
 * Each check gets a backend over its own empty place.
 */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { RepositoryBackend } from "../backup/repository/backend/backend.ts";

/** One promise of a backend, and a function that fails when the promise is broken. */
export interface BackendCheck {
  /** The promise, as a test's name. */
  readonly name: string;
  /**
   * Rejects with an assertion error when the promise is broken.
   * @param open opens a backend; called twice in one check, it opens the same place twice, as two processes would
   */
  run(open: () => Promise<RepositoryBackend>): Promise<void>;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);

/**
 * The checks of a `RepositoryBackend`, for any test runner.
 * @example
 * ```ts
 * import { test } from "node:test";
 * import type { RepositoryBackend } from "keelson/backup";
 * import { backendConformance } from "keelson/testing";
 *
 * declare function openMine(place: string): Promise<RepositoryBackend>;
 *
 * for (const [at, { name, run }] of backendConformance.entries()) {
 *   test(name, () => run(() => openMine(`bucket-${at}`)));
 * }
 * ```
 */
export const backendConformance: readonly BackendCheck[] = [
  {
    name: "an object is read as it was written, by every process",
    async run(open) {
      const [one, other] = [await open(), await open()];
      const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 31) % 256);
      await one.write("chunks/ab/abcd", bytes);
      deepStrictEqual(Uint8Array.from((await other.read("chunks/ab/abcd")) ?? []), bytes);
      strictEqual(await other.has("chunks/ab/abcd"), true);
      await one.write("chunks/00/empty", new Uint8Array(0));
      strictEqual((await other.read("chunks/00/empty"))?.length, 0);
    },
  },
  {
    name: "an object that is not there is undefined to read, false to has, and nothing to delete",
    async run(open) {
      const backend = await open();
      strictEqual(await backend.read("backups/none.json"), undefined);
      strictEqual(await backend.has("backups/none.json"), false);
      await backend.delete("backups/none.json");
      deepStrictEqual([...(await backend.list("backups"))], []);
    },
  },
  {
    name: "a write replaces what was there",
    async run(open) {
      const backend = await open();
      await backend.write("backups/a.json", bytesOf("a longer first text"));
      await backend.write("backups/a.json", bytesOf("second"));
      strictEqual(textOf(await backend.read("backups/a.json")), "second");
      deepStrictEqual([...(await backend.list("backups"))], ["backups/a.json"]);
    },
  },
  {
    name: "a list names everything below its folder and nothing else, however much it is",
    async run(open) {
      const backend = await open();
      const names = Array.from({ length: 1_100 }, (_, i) => `chunks/${i % 7}0/${String(i).padStart(5, "0")}`);
      for (let at = 0; at < names.length; at += 50) {
        await Promise.all(names.slice(at, at + 50).map((name) => backend.write(name, bytesOf(name))));
      }
      await backend.write("backups/x.json", bytesOf("x"));
      deepStrictEqual([...(await backend.list("chunks"))].sort(), [...names].sort());
      deepStrictEqual([...(await backend.list("backups"))], ["backups/x.json"]);
    },
  },
  {
    name: "a deleted object is gone for every process",
    async run(open) {
      const [one, other] = [await open(), await open()];
      await one.write("chunks/ab/gone", bytesOf("x"));
      await other.delete("chunks/ab/gone");
      strictEqual(await one.read("chunks/ab/gone"), undefined);
      deepStrictEqual([...(await one.list("chunks"))], []);
    },
  },
  {
    name: "one holds the lock; another is refused with UNAVAILABLE until it is given back",
    async run(open) {
      const [one, other] = [await open(), await open()];
      const held = await one.lock();
      await rejects(other.lock(), { code: "UNAVAILABLE" });
      await held[Symbol.asyncDispose]();
      const next = await other.lock();
      await other.write("backups/b.json", bytesOf("b"));
      await next[Symbol.asyncDispose]();
      await next[Symbol.asyncDispose]();
    },
  },
  {
    name: "of many that claim the lock at once at most one holds it",
    async run(open) {
      const backends = await Promise.all(Array.from({ length: 5 }, open));
      let holders = 0;
      let most = 0;
      const claims = backends.map(async (backend) => {
        const held = await backend.lock();
        most = Math.max(most, ++holders);
        // Long enough for a rival to send its request.
        for (let i = 0; i < 20; i++) await backend.has("backups/none.json");
        holders--;
        await held[Symbol.asyncDispose]();
      });
      const outcomes = await Promise.allSettled(claims);
      ok(most <= 1, `${most} held the lock at once`);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") strictEqual(Reflect.get(outcome.reason, "code"), "UNAVAILABLE");
      }
    },
  },
  {
    name: "files can be made in its scratch folder",
    async run(open) {
      const { mkdir, rm, writeFile } = await import("node:fs/promises");
      const { join } = await import("node:path");
      const { scratch } = await open();
      await mkdir(scratch, { recursive: true });
      const path = join(scratch, "conformance-probe");
      await writeFile(path, "x");
      await rm(path);
    },
  },
];
