import { expect, test } from "vitest";
import { painter } from "../../../../tools/etcdctl-lite/text/colour.ts";
import { objectDiff } from "../../../../tools/etcdctl-lite/text/object-diff.ts";

const painted = "\u001b[32mtext\u001b[0m";

test.each([
  ["a terminal", true, {}, painted],
  ["a terminal with an empty NO_COLOR", true, { NO_COLOR: "" }, painted],
  ["a terminal with NO_COLOR", true, { NO_COLOR: "1" }, "text"],
  ["a dumb terminal", true, { TERM: "dumb" }, "text"],
  ["a pipe", undefined, {}, "text"],
])("text on %s is coloured as it should be", (_name, isTTY, env, expected) => {
  expect(painter({ isTTY }, env)("green", "text")).toBe(expected);
});

test("a difference of objects has a mark a line, its fields below, absent ones named and long values cut", () => {
  const paint = painter({}, {});
  const place = { resource: "pods", namespace: "shop", name: "web" };
  const changes = [
    { path: "spec.a", from: undefined, to: 1 },
    { path: "spec.b", from: "x".repeat(200), to: undefined },
  ];
  const text = objectDiff(
    [
      { ...place, action: "create", changes: [] },
      { ...place, action: "overwrite", changes },
      { resource: "nodes", name: "n", action: "skip", changes: [] },
    ],
    paint,
  );
  expect(text.split("\n")).toEqual([
    "+ pods shop/web",
    "~ pods shop/web",
    "    spec.a: absent -> 1",
    `    spec.b: "${"x".repeat(119)}… -> absent`,
    "= nodes n  (differs, left alone)",
    "",
  ]);
});
