import { describe, expect, it } from "vitest";
import { type CodecRow, goals, run } from "../../../bench/codec.ts";

describe("bench/codec", () => {
  it("runs small, and its dictionary Pod takes at most 45 % of JSON's bytes", async () => {
    const rows: readonly CodecRow[] = await run({ timeMs: 3 });
    expect(new Set(rows.map((row) => row.object)).size).toBe(4);
    expect(rows).toHaveLength(4 * 9);
    // Sizes are the same everywhere; times are for the bench alone to judge.
    expect(goals(rows).find(({ goal }) => goal.includes("bytes"))?.met).toBe(true);
  });
});
