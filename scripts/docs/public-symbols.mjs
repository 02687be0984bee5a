/**
 * The public symbols of the package: every export of every entry point and every public member of an export, each with
 * its doc comment, as the compiler reads them.
 *
 * The entry points are package.json's `exports`, from source. Members are those a value of the type has, inherited and
 * nested ones included, as long as they are declared in this project.
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { projectFolder } from "../setup/find-etcd.mjs";

/**
 * @typedef {object} PublicSymbol
 * @property {string} entry "keelson/etcd"
 * @property {string} name "Etcd.kv"
 * @property {string} place "src/etcd/ports/etcd.ts:40"
 * @property {string} comment text of its doc comment; empty when there is none
 * @property {readonly string[]} examples the code of each `@example`
 */

/** @returns {ReadonlyMap<string, string>} the source file of each entry point, by the name it is imported by */
export function entryPoints() {
  const manifest = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8"));
  /** @type {Map<string, string>} */
  const entries = new Map();
  for (const [path, target] of Object.entries(manifest.exports)) {
    const source = typeof target === "object" && target !== null ? target["keelson-source"] : undefined;
    if (source !== undefined) entries.set(path.replace(/^\./, manifest.name), join(projectFolder, source));
  }
  return entries;
}

/** @returns {readonly PublicSymbol[]} each declaration once, under the first entry point that shows it */
export function publicSymbols() {
  const entries = entryPoints();
  const { config } = ts.readConfigFile(join(projectFolder, "tsconfig.base.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, projectFolder);
  const program = ts.createProgram([...entries.values()], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const sources = join(projectFolder, "src/");
  /** @type {Set<ts.Node>} */
  const seen = new Set();
  /** @type {Set<string>} */
  const explained = new Set();
  /** @type {PublicSymbol[]} */
  const found = [];

  /** @param {string} entry @param {string} name @param {ts.Symbol} symbol */
  const visit = (entry, name, symbol) => {
    const declarations = (symbol.declarations ?? []).filter(
      (declaration) => declaration.getSourceFile().fileName.startsWith(sources) && isPublic(declaration),
    );
    const [first] = declarations;
    if (first === undefined || declarations.some((declaration) => seen.has(declaration))) return;
    // A member that every form of a union has is explained at the first.
    if (explained.has(`${first.getSourceFile().fileName} ${name}`)) return;
    for (const declaration of declarations) seen.add(declaration);
    const file = first.getSourceFile();
    const comment = isFileHeader(first)
      ? ""
      : ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
    if (comment !== "") explained.add(`${file.fileName} ${name}`);
    const line = file.getLineAndCharacterOfPosition(first.getStart()).line + 1;
    found.push({
      entry,
      name,
      place: `${relative(projectFolder, file.fileName)}:${line}`,
      comment,
      examples: symbol
        .getJsDocTags(checker)
        .filter((tag) => tag.name === "example")
        .map((tag) => ts.displayPartsToString(tag.text)),
    });
    for (const declaration of declarations) visitMembers(entry, name, declaration);
  };

  /** @param {string} entry @param {string} name @param {ts.Node} declaration */
  const visitMembers = (entry, name, declaration) => {
    if (ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration)) {
      const type = checker.getTypeAtLocation(declaration);
      for (const member of checker.getPropertiesOfType(type)) {
        visit(entry, `${ownerOf(member) ?? name}.${member.name}`, member);
      }
      const shape = checker.getTypeOfSymbolAtLocation(type.symbol, declaration);
      for (const member of checker.getPropertiesOfType(shape)) {
        if (member.name !== "prototype") visit(entry, `${name}.${member.name}`, member);
      }
    } else if (ts.isTypeAliasDeclaration(declaration)) {
      visitLiterals(entry, name, declaration.type);
    } else if (
      (ts.isPropertySignature(declaration) || ts.isPropertyDeclaration(declaration)) &&
      declaration.type !== undefined
    ) {
      visitLiterals(entry, name, declaration.type);
    } else if (ts.isFunctionDeclaration(declaration) || ts.isMethodSignature(declaration)) {
      for (const parameter of declaration.parameters) {
        if (parameter.type !== undefined) visitLiterals(entry, name, parameter.type);
      }
      if (declaration.type !== undefined) visitLiterals(entry, name, declaration.type);
    }
  };

  /** Members of the type literals in a type: of unions, intersections, arrays and arguments. @param {string} entry @param {string} name @param {ts.Node} type */
  const visitLiterals = (entry, name, type) => {
    if (!ts.isTypeLiteralNode(type)) {
      ts.forEachChild(type, (part) => visitLiterals(entry, name, part));
      return;
    }
    for (const member of type.members) {
      const symbol = member.name && checker.getSymbolAtLocation(member.name);
      if (symbol !== undefined) visit(entry, `${name}.${symbol.name}`, symbol);
    }
  };

  for (const [entry, path] of entries) {
    const file = program.getSourceFile(path);
    const root = file && checker.getSymbolAtLocation(file);
    if (root === undefined) throw new Error(`${path} is not a module`);
    for (const symbol of checker.getExportsOfModule(root)) {
      const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      visit(entry, symbol.name, real);
    }
  }
  return found;
}

/** The interface or class a member was declared in, which may be another one than it is seen at. @param {ts.Symbol} member */
function ownerOf(member) {
  const parent = member.declarations?.[0]?.parent;
  if (parent === undefined || !(ts.isInterfaceDeclaration(parent) || ts.isClassDeclaration(parent)))
    return undefined;
  return parent.name?.text;
}

/** The compiler takes a comment at the top of a file for the first declaration's. @param {ts.Declaration} declaration */
function isFileHeader(declaration) {
  const comments = ts.getJSDocCommentsAndTags(declaration).filter(ts.isJSDoc);
  return comments.length === 1 && comments[0]?.pos === 0;
}

/** @param {ts.Declaration} declaration */
function isPublic(declaration) {
  const name = ts.getNameOfDeclaration(declaration);
  if (name !== undefined && ts.isPrivateIdentifier(name)) return false;
  // A member named by a well-known symbol keeps that symbol's promise, dispose's.
  if (name !== undefined && ts.isComputedPropertyName(name)) return false;
  return (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private) === 0;
}
