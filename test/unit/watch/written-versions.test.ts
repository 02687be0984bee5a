import { expect, test } from "vitest";
import { WrittenVersions } from "../../../src/watch/written-versions.ts";

test("a key's written version holds until the cache has it, and never falls", () => {
  const written = new WrittenVersions();
  expect(written.of("a")).toBe(0n);
  written.keep("a", 10n, 5n);
  written.keep("a", 8n, 5n);
  expect(written.of("a")).toBe(10n);
  expect(written.of("b")).toBe(0n);
  written.keep("b", 20n, 15n);
  expect(written.of("a")).toBe(0n);
  expect(written.of("b")).toBe(20n);
});

test("more keys than are remembered are folded into one version for all", () => {
  const written = new WrittenVersions();
  for (let i = 1; i <= 5_000; i++) written.keep(`k${i}`, BigInt(i), 0n);
  expect(written.of("k5000")).toBe(5_000n);
  expect(written.of("k1")).toBeGreaterThanOrEqual(1n);
});
