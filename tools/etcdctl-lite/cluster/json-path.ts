/**
 * kubectl's JSONPath, as far as `-o jsonpath` and printer columns use it:
 *
 *   {.metadata.name}  {.spec.containers[*].image}  {.items[0]}  {.status.conditions[?(@.type=="Ready")].status}
 *   {.metadata.annotations['a\.b']}  {"\n"}  {range .items[*]}…{end}
 */
import { badArguments } from "../cli/failure.ts";

type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "path"; readonly path: string }
  | { readonly type: "range"; readonly path: string; readonly parts: readonly Part[] };

/** The output of the template for `object`. @throws CliFailure for an invalid template */
export function printTemplate(template: string, object: unknown): string {
  const { parts } = parseParts(piecesOf(template.includes("{") ? template : `{${template}}`), 0, false);
  return printed(parts, object, object);
}

/** All values at a path, in order. */
export function valuesAt(object: unknown, path: string): readonly unknown[] {
  let values: readonly unknown[] = [object];
  for (const step of stepsOf(path)) values = values.flatMap((value) => step(value));
  return values;
}

/** A value as kubectl prints it: text unquoted, the rest as JSON. */
export function valueText(value: unknown): string {
  return typeof value === "string"
    ? value
    : value === undefined || value === null
      ? ""
      : JSON.stringify(value);
}

function printed(parts: readonly Part[], root: unknown, current: unknown): string {
  return parts
    .map((part) => {
      if (part.type === "text") return part.text;
      const from = part.path.startsWith("$") ? root : current;
      const found = valuesAt(from, part.path.replace(/^[$@]/, ""));
      return part.type === "path"
        ? found.map(valueText).join(" ")
        : found.map((value) => printed(part.parts, root, value)).join("");
    })
    .join("");
}

interface Piece {
  readonly braced: boolean;
  readonly text: string;
}

function piecesOf(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let rest = template;
  while (rest !== "") {
    const match = /^\{((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^{}"'])*)\}/s.exec(rest);
    if (match !== null) {
      pieces.push({ braced: true, text: (match[1] ?? "").trim() });
      rest = rest.slice(match[0].length);
      continue;
    }
    const [plain = ""] = /^[^{}]+/s.exec(rest) ?? [];
    if (plain === "") throw badArguments(`jsonpath ${JSON.stringify(template)}: a brace is not closed`);
    pieces.push({ braced: false, text: plain });
    rest = rest.slice(plain.length);
  }
  return pieces;
}

function parseParts(
  pieces: readonly Piece[],
  start: number,
  inRange: boolean,
): { readonly parts: readonly Part[]; readonly next: number } {
  const parts: Part[] = [];
  let i = start;
  for (; i < pieces.length; i++) {
    const { braced, text } = pieces[i] ?? { braced: false, text: "" };
    if (!braced) parts.push({ type: "text", text });
    else if (text === "end" && inRange) return { parts, next: i };
    else if (text.startsWith("range ")) {
      const inner = parseParts(pieces, i + 1, true);
      parts.push({ type: "range", path: text.slice("range ".length).trim(), parts: inner.parts });
      i = inner.next;
    } else if (/^["']/.test(text)) parts.push({ type: "text", text: unquoted(text) });
    else if (/^[.$@[]/.test(text)) parts.push({ type: "path", path: text });
    else throw badArguments(`jsonpath {${text}} is not understood, expected a path such as {.metadata.name}`);
  }
  if (inRange) throw badArguments("jsonpath: {range …} has no {end}");
  return { parts, next: i };
}

type Step = (value: unknown) => readonly unknown[];

function stepsOf(path: string): readonly Step[] {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== "") {
    const dotted = /^\.?((?:\\.|[^.[\]\\])+)/s.exec(rest);
    const bracket = /^\[((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\]"'])*)\]/s.exec(rest);
    if (bracket !== null) steps.push(bracketStep((bracket[1] ?? "").trim(), path));
    else if (dotted !== null) steps.push(memberStep((dotted[1] ?? "").replace(/\\(.)/gs, "$1")));
    else if (rest === ".") return steps;
    else throw badArguments(`jsonpath ${JSON.stringify(path)} is not understood at ${JSON.stringify(rest)}`);
    rest = rest.slice((bracket ?? dotted)?.[0].length);
  }
  return steps;
}

function memberStep(name: string): Step {
  if (name === "*")
    return (value) => (typeof value === "object" && value !== null ? Object.values(value) : []);
  return (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
      ? [(value as Readonly<Record<string, unknown>>)[name]]
      : [];
}

function bracketStep(text: string, path: string): Step {
  if (text === "*") return memberStep("*");
  if (/^["']/.test(text)) return memberStep(unquoted(text));
  if (/^-?[0-9]+$/.test(text))
    return (value) => (Array.isArray(value) ? value.slice(Number(text)).slice(0, 1) : []);
  const slice = /^(-?[0-9]*):(-?[0-9]*)$/.exec(text);
  if (slice !== null) {
    const [from, to] = [slice[1], slice[2]].map((bound) => (bound === "" ? undefined : Number(bound)));
    return (value) => (Array.isArray(value) ? value.slice(from, to) : []);
  }
  const filter =
    /^\?\(\s*@((?:\.[^=!\s()]+)+)\s*(?:(==|!=)\s*("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s()]+)\s*)?\)$/s.exec(
      text,
    );
  if (filter === null) {
    throw badArguments(`jsonpath ${JSON.stringify(path)}: [${text}] is not understood`);
  }
  const [, member = "", operator, wanted = ""] = filter;
  return (value) =>
    Array.isArray(value)
      ? value.filter((item) => {
          const found = valuesAt(item, member);
          if (operator === undefined) return found.length > 0;
          return found.some((one) => valueText(one) === unquoted(wanted)) === (operator === "==");
        })
      : [];
}

function unquoted(text: string): string {
  if (!/^["']/.test(text)) return text;
  return text
    .slice(1, -1)
    .replace(/\\(.)/gs, (_, letter: string) => ({ n: "\n", t: "\t", r: "\r" })[letter] ?? letter);
}
