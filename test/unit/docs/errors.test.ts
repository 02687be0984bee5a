/** docs/errors.md and src/errors.ts say the same: codes, statuses, reasons, and the fields of details. */
import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { codeFacts, type StoreErrorCode } from "../../../src/errors.ts";

const textOf = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

interface Row {
  readonly code: string;
  readonly httpStatus: number;
  readonly reason: string;
  readonly details: readonly string[];
  readonly prose: readonly string[];
}

const rows: readonly Row[] = textOf("docs/errors.md")
  .split("\n")
  .filter((line) => /^\|\s*`[A-Z_]+`\s*\|/.test(line))
  .map((line) => {
    const [code = "", status = "", reason = "", details = "", ...prose] = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    return {
      code: code.replaceAll("`", ""),
      httpStatus: Number(status),
      reason,
      details: details.split(", ").map((field) => field.replaceAll("`", "")),
      prose,
    };
  });

/** Fields of each code's details as src/errors.ts declares them; "Subject" for those it takes over. */
function declaredDetails(): ReadonlyMap<string, readonly string[]> {
  const source = ts.createSourceFile("errors.ts", textOf("src/errors.ts"), ts.ScriptTarget.Latest, true);
  const fieldsOf = (type: ts.TypeNode | undefined): string[] => {
    if (type === undefined) return [];
    if (ts.isIntersectionTypeNode(type)) return type.types.flatMap(fieldsOf);
    if (ts.isTypeReferenceNode(type)) return [type.typeName.getText(source)];
    if (!ts.isTypeLiteralNode(type)) throw new Error(`cannot read ${type.getText(source)}`);
    return type.members.map((member) => member.name?.getText(source) ?? "");
  };
  const declared = new Map<string, readonly string[]>();
  source.forEachChild((node) => {
    if (!ts.isInterfaceDeclaration(node) || node.name.text !== "StoreErrorDetails") return;
    for (const member of node.members) {
      if (!ts.isPropertySignature(member)) continue;
      const fields = fieldsOf(member.type);
      // A field of Subject that a code makes certain is in Subject's words already.
      const subject = ["key", "group", "kind", "namespace", "name"];
      declared.set(
        member.name.getText(source),
        fields.includes("Subject") ? fields.filter((field) => !subject.includes(field)) : fields,
      );
    }
  });
  return declared;
}

test("docs/errors.md has a row for each code, once, in the order of the source", () => {
  expect(rows.map(({ code }) => code)).toEqual(Object.keys(codeFacts));
});

describe.each(rows.map((row) => [row.code, row] as const))("the row of %s", (code, row) => {
  test("has the status and reason that an API server sends", () => {
    expect({ httpStatus: row.httpStatus, reason: row.reason }).toEqual(codeFacts[code as StoreErrorCode]);
  });

  test("names the fields of its details", () => {
    expect([...row.details].sort()).toEqual([...(declaredDetails().get(code) ?? [])].sort());
  });

  test("says when it comes and what to do", () => {
    expect(row.prose).toHaveLength(2);
    for (const cell of row.prose) expect(cell.length).toBeGreaterThan(10);
  });
});
