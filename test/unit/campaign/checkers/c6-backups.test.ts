import { describe, expect, test } from "vitest";
import { checkRestores, type DumpedKey, type LogicalDump } from "../../../../campaign/checkers/c6-backups.ts";
import { rules } from "./made.ts";

const kept = (key: string, facts: Partial<DumpedKey> = {}): DumpedKey => ({
  key,
  hash: "h",
  version: 1n,
  createRevision: 5n,
  modRevision: 5n,
  lease: 0n,
  ...facts,
});
const dump = (keys: readonly DumpedKey[], facts: Partial<LogicalDump> = {}): LogicalDump => ({
  revision: 10n,
  keys: new Map(keys.map((one) => [one.key, one])),
  leases: new Map([[7n, 60]]),
  users: new Map([["root", "root"]]),
  roles: new Map([["root", "readwrite"]]),
  ...facts,
});
const before = dump([kept("a"), kept("b")]);
const found = (after: LogicalDump, more: object = {}): readonly string[] =>
  rules(checkRestores([{ name: "r", before, after, ...more }]));

describe("C6", () => {
  test("the same dump is clean, with what the restore itself adds left out", () => {
    const after = dump([kept("a"), kept("b"), kept("/keelson/registry/epoch", { modRevision: 99n })]);
    expect(found(after, { added: (key: string) => key.endsWith("/epoch") })).toEqual([]);
    expect(found(after)).toEqual(["key from nowhere"]);
  });

  test.each<[string, LogicalDump, string]>([
    ["a lost key", dump([kept("a")]), "key lost"],
    ["another value", dump([kept("a"), kept("b", { hash: "g" })]), "hash differs"],
    ["another version", dump([kept("a"), kept("b", { version: 2n })]), "version differs"],
    ["another creation", dump([kept("a"), kept("b", { createRevision: 4n })]), "createRevision differs"],
    ["a lost lease of a key", dump([kept("a"), kept("b", { lease: 7n })]), "lease differs"],
    ["a lost lease", dump([kept("a"), kept("b")], { leases: new Map() }), "lease differs"],
    [
      "a user with another role",
      dump([kept("a"), kept("b")], { users: new Map([["root", ""]]) }),
      "user differs",
    ],
    ["a lost role", dump([kept("a"), kept("b")], { roles: new Map() }), "role differs"],
  ])("%s is seen", (_, after, rule) => {
    expect(found(after)).toEqual([rule]);
  });

  test("a state newer than the backup is seen", () => {
    expect(found(dump([kept("a"), kept("b", { modRevision: 11n })]))).toContain("newer than the backup");
  });

  test("a token, watch or write of before the restore that is accepted after it is seen", () => {
    const trial = (outcome: string): object => ({ trials: [{ what: "a continue token", outcome }] });
    expect(found(before, trial("EXPIRED"))).toEqual([]);
    expect(found(before, trial("accepted"))).toEqual(["old epoch accepted"]);
  });
});
