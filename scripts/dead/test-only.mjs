/**
 * What only tests use: exports, and members of classes and interfaces, that no source outside test/ refers to.
 *
 * knip counts a test as a user and skips members; this reads every reference with the compiler. The public API is in
 * use by definition: all that the exports of package.json's entry points show. A class member is in use when the member
 * of an interface that the class implements or fits is.
 */
import { join, relative } from "node:path";
import ts from "typescript";
import { entryPoints } from "../docs/public-symbols.mjs";
import { projectFolder } from "../setup/find-etcd.mjs";

/**
 * @typedef {object} Unused
 * @property {string} place "src/base/key-queues.ts:30"
 * @property {string} name "KeyQueues.size"
 */

/** Where to look. The in-memory etcd is left out: the simulation's cluster is made of its parts. */
const examined = /^(?:src\/(?!testing\/)|tools\/)/;

/** @param {ts.Node} node */
const fileOf = (node) => relative(projectFolder, node.getSourceFile().fileName);
/** @param {ts.Declaration} node */
const modifiersOf = (node) => ts.getCombinedModifierFlags(node);

/** @returns {readonly Unused[]} in the order of the program's files */
export function testOnly() {
  const { fileNames, options } = configuration();
  const program = ts.createProgram(fileNames, { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const files = program.getSourceFiles().filter((file) => fileNames.includes(file.fileName));
  const candidates = new Map(
    files.filter((file) => examined.test(fileOf(file))).flatMap((file) => candidatesOf(file)),
  );
  const used = new Set(files.filter((file) => !fileOf(file).startsWith("test/")).flatMap(usesIn));
  for (const declaration of publicDeclarations()) used.add(declaration);
  return [...candidates]
    .filter(([declaration]) => !used.has(declaration) && !servesInterface(declaration))
    .map(([declaration, name]) => {
      const file = declaration.getSourceFile();
      const line = file.getLineAndCharacterOfPosition(declaration.getStart()).line + 1;
      return { place: `${fileOf(declaration)}:${line}`, name };
    });

  /** @param {ts.Symbol} symbol */
  function declarationsOf(symbol) {
    const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return real.declarations ?? [];
  }

  /** The declarations that a file refers to outside of themselves. @param {ts.SourceFile} file */
  function usesIn(file) {
    /** @type {ts.Declaration[]} */
    const found = [];
    /** @param {ts.Node} node @param {ts.Symbol | undefined} symbol */
    const use = (node, symbol) => {
      if (symbol === undefined) return;
      for (const declaration of declarationsOf(symbol)) {
        if (!ts.findAncestor(node, (outer) => outer === declaration)) found.push(declaration);
      }
    };
    /** @param {ts.Node} node */
    const visit = (node) => {
      if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
      if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
        // A module loaded on demand: its exports are read through the value.
        const module = node.arguments[0] && checker.getSymbolAtLocation(node.arguments[0]);
        if (module !== undefined) for (const each of checker.getExportsOfModule(module)) use(node, each);
      } else if (ts.isSpreadAssignment(node)) {
        for (const each of checker.getTypeAtLocation(node.expression).getProperties()) use(node, each);
      } else if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
        const name = node.propertyName ?? node.name;
        if (ts.isIdentifier(name)) use(node, checker.getTypeAtLocation(node.parent).getProperty(name.text));
      } else if (ts.isShorthandPropertyAssignment(node)) {
        use(node, checker.getShorthandAssignmentValueSymbol(node));
      } else if (ts.isIdentifier(node)) {
        use(node, checker.getSymbolAtLocation(node));
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
    return found;
  }

  /** Everything that the entry points show: their exports, and what the types of those name. */
  function publicDeclarations() {
    /** @type {Set<ts.Declaration>} */
    const shown = new Set();
    const waiting = [...entryPoints().values()].flatMap((path) => {
      const file = program.getSourceFile(path);
      const module = file && checker.getSymbolAtLocation(file);
      if (module === undefined) throw new Error(`${path} is not a module`);
      return checker.getExportsOfModule(module).flatMap(declarationsOf);
    });
    /** @param {ts.Node} node */
    const visit = (node) => {
      // The body of a function shows nothing, and no value but what `extends` names.
      if (ts.isBlock(node) || isHidden(node)) return;
      if (ts.isClassElement(node) || ts.isTypeElement(node)) shown.add(node);
      const symbol = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined;
      if (symbol !== undefined) waiting.push(...declarationsOf(symbol).filter(isTypeDeclaration));
      ts.forEachChild(node, visit);
    };
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (shown.has(next) || !fileOf(next).startsWith("src/")) continue;
      shown.add(next);
      ts.forEachChild(next, visit);
    }
    return shown;
  }

  /** Whether the member carries out one of an interface or a library class that is in use. @param {ts.Declaration} member */
  function servesInterface(member) {
    const owner = member.parent;
    const name = ts.getNameOfDeclaration(member);
    if (!ts.isClassDeclaration(owner) || name === undefined || !ts.isIdentifier(name)) return false;
    const type = checker.getTypeAtLocation(owner);
    /** @param {ts.Type} other */
    const demands = (other) =>
      (other.getProperty(name.text)?.declarations ?? []).some(
        (each) => each !== member && (used.has(each) || !examined.test(fileOf(each))),
      );
    if (ancestorsOf(owner).some(demands)) return true;
    // Used through a type that the class fits without naming it.
    return [...used].some(
      (each) =>
        (ts.isMethodSignature(each) || ts.isPropertySignature(each)) &&
        each.questionToken === undefined &&
        each.parent.members.length > 1 &&
        ts.isIdentifier(each.name) &&
        each.name.text === name.text &&
        checker.isTypeAssignableTo(type, checker.getTypeAtLocation(each.parent)),
    );
  }

  /** @param {ts.ClassLikeDeclaration | ts.InterfaceDeclaration} owner @returns {ts.Type[]} */
  function ancestorsOf(owner) {
    return (owner.heritageClauses ?? []).flatMap(({ types }) =>
      types.flatMap((each) => {
        const type = checker.getTypeAtLocation(each);
        const above = (type.symbol?.declarations ?? []).filter(
          (declaration) => ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration),
        );
        return [type, ...above.flatMap(ancestorsOf)];
      }),
    );
  }
}

/** @returns {ts.ParsedCommandLine} */
function configuration() {
  const path = join(projectFolder, "tsconfig.json");
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, ts.sys, projectFolder, undefined, path);
}

/** The exports and members of a file with their names. @param {ts.SourceFile} file @returns {[ts.Declaration, string][]} */
function candidatesOf(file) {
  return file.statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap((each) => exported(each));
    }
    if (!ts.isDeclarationStatement(statement)) return [];
    const members =
      ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement) ? [...statement.members] : [];
    return [
      ...exported(statement),
      ...members
        .filter((member) => isBehaviour(member) && !isHidden(member))
        .map((member) => named(member, `${statement.name?.text}.${member.name?.getText()}`)),
    ];
  });
}

/** @param {ts.Declaration} declaration @param {string} name @returns {[ts.Declaration, string]} */
const named = (declaration, name) => [declaration, name];

/** @param {ts.Declaration} declaration */
function exported(declaration) {
  const name = ts.getNameOfDeclaration(declaration);
  const isExported = (modifiersOf(declaration) & ts.ModifierFlags.Export) !== 0;
  return isExported && name !== undefined ? [named(declaration, name.getText())] : [];
}

/** Data fields of interfaces are left out: a record may be written as JSON whole. @param {ts.Node} member */
function isBehaviour(member) {
  return (
    ts.isMethodDeclaration(member) ||
    ts.isMethodSignature(member) ||
    ts.isGetAccessor(member) ||
    ts.isPropertyDeclaration(member)
  );
}

/** Private members, and those named by a well-known symbol, which the language calls. @param {ts.Node} node */
function isHidden(node) {
  if (!ts.isClassElement(node) && !ts.isTypeElement(node)) return false;
  if (node.name !== undefined && (ts.isPrivateIdentifier(node.name) || ts.isComputedPropertyName(node.name)))
    return true;
  return (modifiersOf(node) & ts.ModifierFlags.Private) !== 0;
}

/** @param {ts.Declaration} node */
function isTypeDeclaration(node) {
  return ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node) || ts.isTypeAliasDeclaration(node);
}
