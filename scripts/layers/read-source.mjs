/**
 * The facts that the checks need of one TypeScript or JavaScript file: its imports, and uses of the clock, of random
 * numbers and of `any`. They are read from the syntax tree, so text and comments never count.
 */
import ts from "typescript";

/**
 * @typedef {object} Import
 * @property {string} specifier as written
 * @property {number} line from 1
 * @property {boolean} isReexport `export … from`
 *
 * @typedef {object} Use
 * @property {"time" | "chance" | "any" | "kept import"} what
 * @property {string} text as written, e.g. `Date.now()`
 * @property {number} line
 *
 * @typedef {object} SourceFacts
 * @property {readonly Import[]} imports type imports and `import("…")` types included
 * @property {readonly Use[]} uses
 */

const timeCalls = new Set([
  "Date.now",
  "performance.now",
  "process.hrtime",
  "process.hrtime.bigint",
  "setTimeout",
  "setInterval",
  "globalThis.setTimeout",
  "globalThis.setInterval",
  "AbortSignal.timeout",
]);
const chanceCalls = new Set([
  "Math.random",
  "randomUUID",
  "randomBytes",
  "randomInt",
  "crypto.randomUUID",
  "crypto.randomBytes",
  "crypto.getRandomValues",
]);
/** They end a turn and measure nothing. */
const turnCalls = new Set(["setImmediate", "clearImmediate"]);
const timeModules = /^(?:node:)?(?:timers(?:\/promises)?|perf_hooks)$/;

/**
 * @param {string} path only its ending matters
 * @param {string} text
 * @returns {SourceFacts}
 */
export function readSource(path, text) {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false);
  /** @type {Import[]} */
  const imports = [];
  /** @type {Use[]} */
  const uses = [];
  const lineOf = (/** @type {import("typescript").Node} */ node) =>
    file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;

  /** @param {import("typescript").Expression} name */
  const dotted = (name) =>
    ts.isIdentifier(name) || ts.isPropertyAccessExpression(name) ? name.getText(file) : "";

  /**
   * @param {import("typescript").Node | undefined} specifier
   * @param {boolean} isReexport
   * @param {import("typescript").ImportClause} [clause]
   */
  const addImport = (specifier, isReexport, clause) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    imports.push({ specifier: specifier.text, line: lineOf(specifier), isReexport });
    if (timeModules.test(specifier.text) && !isOfTurns(clause)) {
      uses.push({ what: "time", text: `import "${specifier.text}"`, line: lineOf(specifier) });
    }
  };

  /** Functions around that declare something with `using`. */
  let disposing = 0;

  /** @param {import("typescript").Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) addImport(node.moduleSpecifier, false, node.importClause);
    else if (ts.isExportDeclaration(node)) addImport(node.moduleSpecifier, true);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      addImport(node.argument.literal, false);
    else if (ts.isCallExpression(node)) {
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword) {
        addImport(node.arguments[0], false);
        const [specifier] = node.arguments;
        if (
          disposing > 0 &&
          specifier !== undefined &&
          ts.isStringLiteralLike(specifier) &&
          specifier.text.startsWith(".")
        ) {
          uses.push({ what: "kept import", text: `import("${specifier.text}")`, line: lineOf(node) });
        }
      }
      const name = dotted(node.expression);
      if (timeCalls.has(name)) uses.push({ what: "time", text: `${name}()`, line: lineOf(node) });
      if (chanceCalls.has(name)) uses.push({ what: "chance", text: `${name}()`, line: lineOf(node) });
    } else if (ts.isNewExpression(node) && dotted(node.expression) === "Date" && !node.arguments?.length) {
      uses.push({ what: "time", text: "new Date()", line: lineOf(node) });
    } else if (node.kind === ts.SyntaxKind.AnyKeyword) {
      uses.push({ what: "any", text: "any", line: lineOf(node) });
    }
    const isDisposing = ts.isFunctionLike(node) && hasUsing(node);
    if (isDisposing) disposing++;
    ts.forEachChild(node, visit);
    if (isDisposing) disposing--;
  };
  visit(file);
  return { imports, uses };
}

/**
 * Whether all that is imported ends turns.
 * @param {import("typescript").ImportClause | undefined} clause
 */
function isOfTurns(clause) {
  const names = clause?.namedBindings;
  return (
    names !== undefined &&
    ts.isNamedImports(names) &&
    names.elements.every(({ name, propertyName }) => turnCalls.has((propertyName ?? name).text))
  );
}

/**
 * Whether a function, those inside it left out, declares something with `using` or `await using`.
 * @param {import("typescript").Node} node
 * @returns {boolean}
 */
function hasUsing(node) {
  let found = false;
  /** @param {import("typescript").Node} inner */
  const look = (inner) => {
    if (ts.isVariableDeclarationList(inner) && (inner.flags & ts.NodeFlags.Using) === ts.NodeFlags.Using)
      found = true;
    if (!found && !ts.isFunctionLike(inner)) ts.forEachChild(inner, look);
  };
  ts.forEachChild(node, look);
  return found;
}
