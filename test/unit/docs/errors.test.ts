/** docs/errors.md and src/errors/codes.ts say the same: codes, statuses, reasons, retries, and the fields of details. */
import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { codeFacts, type StoreErrorCode } from "../../../src/errors/codes.ts";
import { StoreError } from "../../../src/errors.ts";

const textOf = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const page = textOf("docs/errors.md");
/** Without the line breaks inside them. */
const docComments = textOf("src/errors/codes.ts").replace(/\n\s*\* /g, " ");
const codes = Object.keys(codeFacts) as StoreErrorCode[];

/** The cells of the table, by code. */
const rows = new Map(
  [...page.matchAll(/^\| \[`([A-Z_]+)`\]\(#([a-z_]+)\) \| (\d+) \| (\w+) \| ([a-z ]+) \|$/gm)].map(
    ([, code = "", anchor, httpStatus, reason, retry]) => [
      code,
      { anchor, httpStatus: Number(httpStatus), reason, retry },
    ],
  ),
);

interface Section {
  /** When it comes: the text below the heading. */
  readonly when: string;
  /** The listed facts by their name. */
  readonly facts: ReadonlyMap<string, string>;
}

const sections: ReadonlyMap<string, Section> = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((text) => {
      const [heading = "", ...lines] = text.split(/\n## /, 1)[0]?.split("\n") ?? [];
      const [when = "", ...facts] = lines.join(" ").split(/\s*- \*\*(?=\w+:\*\*)/);
      return [
        heading.replaceAll("`", ""),
        {
          when: when.trim(),
          facts: new Map(
            facts.map((fact) => {
              const [name = "", value = ""] = fact.split(/:\*\*\s*/, 2);
              return [name, value.replace(/\s+/g, " ").trim()];
            }),
          ),
        },
      ];
    }),
);

/** Fields of each code's details as src/errors/codes.ts declares them; "Subject" for those it takes over. */
function declaredDetails(): ReadonlyMap<string, readonly string[]> {
  const source = ts.createSourceFile("codes.ts", textOf("src/errors/codes.ts"), ts.ScriptTarget.Latest, true);
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

test("docs/errors.md has a row and a section for each code, once, in the order of the source", () => {
  expect([...rows.keys()]).toEqual(codes);
  expect([...sections.keys()]).toEqual(codes);
});

describe.each(codes)("%s in docs/errors.md", (code) => {
  const facts = sections.get(code)?.facts ?? new Map<string, string>();

  test("has the status, reason and retry of the code table", () => {
    expect(rows.get(code)).toEqual({ anchor: code.toLowerCase(), ...codeFacts[code] });
    expect(facts.get("Retry")).toBe(`${codeFacts[code].retry}.`);
  });

  test("names the fields of its details", () => {
    const named = (facts.get("Details") ?? "").replace(/\.$/, "").split(", ");
    expect(named.map((field) => field.replaceAll("`", "")).sort()).toEqual(
      [...(declaredDetails().get(code) ?? [])].sort(),
    );
  });

  test("says when it comes and what to do", () => {
    expect((sections.get(code)?.when ?? "").length).toBeGreaterThan(25);
    expect((facts.get("Do") ?? "").length).toBeGreaterThan(10);
  });

  test("is where the error itself and its doc comment lead", () => {
    const error = new StoreError(code, "", {} as never);
    expect(error.docs).toBe(`keelson/docs/errors.md#${code.toLowerCase()}`);
    expect(docComments).toContain(`see docs/errors.md#${code.toLowerCase()}.`);
  });
});

test("an error that names a time to wait is worth repeating as it is", () => {
  for (const [code, fields] of declaredDetails()) {
    if (fields.includes("retryAfterMs"))
      expect(codeFacts[code as StoreErrorCode].retry, code).toBe("as it is");
  }
});
