import { describe, expect, test } from "vitest";
import { knownFaults } from "../../../../src/etcd/versions/known-faults.ts";
import { hasFix } from "../../../../src/etcd/versions/version.ts";
import { refusalOf, warningOf } from "../../../../src/etcd/versions/version-check.ts";
import { faults, fixesOf, progressIsTrusted, suffers } from "../../../../src/etcd/versions/version-facts.ts";

const line = (prefix: string, last: number): readonly string[] =>
  Array.from({ length: last + 1 }, (_, patch) => `${prefix}.${patch}`);
const versions = [...line("3.4", 45), ...line("3.5", 35), ...line("3.6", 15)];

describe("one table of etcd's versions", () => {
  test.each(versions)("%s: what the client distrusts it warns of, and doctor lists", (version) => {
    const ids = knownFaults(version).map(({ id }) => id);
    expect(warningOf(version) === undefined).toBe(
      progressIsTrusted(version) && !suffers(version, "defragDiverges"),
    );
    expect(ids.some((id) => id === "etcd #15220" || id === "progress withheld")).toBe(
      !progressIsTrusted(version),
    );
    expect(refusalOf(version) !== undefined).toBe(ids.includes("etcd #13766"));
  });

  test.each(versions.filter((version) => warningOf(version) !== undefined))(
    "%s: the upgrade that the warning names ends the warning",
    (version) => {
      const text = warningOf(version) ?? "";
      const named = text.match(/\d+\.\d+\.\d+/g)?.slice(1) ?? [];
      const minor = version.split(".").slice(0, 2).join(".");
      const target = named.find((each) => each.startsWith(`${minor}.`)) ?? named.at(-1) ?? version;
      const next = warningOf(target);
      expect(next === undefined || /progress/.test(next)).toBe(true);
      if (/progress/.test(text)) expect(progressIsTrusted(target)).toBe(true);
    },
  );

  test("every effect has one fault, with its fixes oldest line first", () => {
    const effects = faults.flatMap(({ effect }) => effect ?? []);
    expect(new Set(effects).size).toBe(effects.length);
    for (const { fixed } of faults) expect([...fixed].sort()).toEqual(fixed);
    expect(fixesOf("progressWithheld")).toBe("3.4.31, 3.5.13");
    expect(hasFix("3.5.12", ["3.4.31", "3.5.13"])).toBe(false);
  });
});
