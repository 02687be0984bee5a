import { expect, test } from "vitest";
import { WrittenVersions } from "../../../src/watch/written-versions.ts";

test("a key's written version holds until the cache has it, and never falls", () => {
  const written = new WrittenVersions(() => 0);
  expect(written.of("a")).toBe(0n);
  written.keep("a", 10n, 5n, 0);
  written.keep("a", 8n, 5n, 0);
  expect(written.of("a")).toBe(10n);
  expect(written.of("b")).toBe(0n);
  written.keep("b", 20n, 15n, 0);
  expect(written.of("a")).toBe(0n);
  expect(written.of("b")).toBe(20n);
});

test("more keys than are remembered are folded into one version for all", () => {
  const written = new WrittenVersions(() => 0);
  for (let i = 1; i <= 5_000; i++) written.keep(`k${i}`, BigInt(i), 0n, 0);
  expect(written.of("k5000")).toBe(5_000n);
  expect(written.of("k1")).toBeGreaterThanOrEqual(1n);
});

test("versions of a history that was replaced hold nothing up", () => {
  let history = 0;
  const written = new WrittenVersions(() => history);
  written.keep("a", 10n, 5n, 0);
  written.raise(9n, 0);
  history++;
  expect(written.of("a")).toBe(0n);
  // Begun before it, answered after it.
  written.keep("a", 11n, 0n, 0);
  written.raise(12n, 0);
  expect(written.of("a")).toBe(0n);
  written.keep("a", 3n, 0n, 1);
  expect(written.of("a")).toBe(3n);
});
