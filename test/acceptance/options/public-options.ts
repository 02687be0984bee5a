/**
 * Every options object that the package takes, found with the compiler: the parameters of each function and method
 * that the entry points export or give back, and the objects inside them.
 *
 *   place                          names
 *   createStore(options)           etcd, kinds, prefix, …
 *   createStore(options).compaction  intervalMs
 *   ResourceReader.list(options)   limit, labelSelector, …      a method is named by the interface that declares it
 *
 * A type with a method of its own that is not optional is implemented by the caller (a clock, a codec), and is no
 * options object. Which others are data stands in a table of the test, each with its reason.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** What a value must be to be accepted, as far as `typeof` tells. */
export type Shape = "number" | "bigint" | "string" | "boolean" | "function" | "array" | "object";

export interface PublicOption {
  readonly name: string;
  readonly shapes: ReadonlySet<Shape>;
  /** The texts accepted, where only some are. */
  readonly texts: readonly string[] | undefined;
}

export interface OptionsObject {
  readonly place: string;
  /** The root's place, and how to reach this object from it: "labelSelector", "matchExpressions", "[]". */
  readonly root: string;
  readonly path: readonly string[];
  /** Name of the type; of an inline type its names. */
  readonly type: string;
  readonly options: readonly PublicOption[];
}

const top = fileURLToPath(new URL("../../../", import.meta.url));

/** @param isData whether a type of this name is no options object, though it looks like one */
export function publicOptions(isData: (type: string, place: string) => boolean): OptionsObject[] {
  const doors = entryPoints();
  const { config } = ts.readConfigFile(`${top}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, top);
  const program = ts.createProgram(doors, options);
  const walk = new Walk(program.getTypeChecker(), isData);
  for (const door of doors) {
    const file = program.getSourceFile(door);
    if (file === undefined) throw new Error(`no source ${door}`);
    walk.entryPoint(file);
  }
  return walk.found;
}

function entryPoints(): string[] {
  const { exports } = JSON.parse(readFileSync(`${top}package.json`, "utf8")) as {
    exports: Record<string, string | { "keelson-source": string }>;
  };
  return Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [] : [top + entry["keelson-source"].slice(2)],
  );
}

/** Whose type arguments are results too. */
const containers = new Set(["Promise", "Array", "ReadonlyArray", "AsyncIterable"]);

class Walk {
  readonly found: OptionsObject[] = [];
  readonly #checker: ts.TypeChecker;
  readonly #isData: (type: string, place: string) => boolean;
  readonly #results = new Set<string>();
  readonly #places = new Set<string>();

  constructor(checker: ts.TypeChecker, isData: (type: string, place: string) => boolean) {
    this.#checker = checker;
    this.#isData = isData;
  }

  entryPoint(file: ts.SourceFile): void {
    const module = this.#checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`${file.fileName} exports nothing`);
    for (const entry of this.#checker.getExportsOfModule(module)) {
      const symbol = entry.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(entry) : entry;
      if (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable | ts.SymbolFlags.Class)) {
        this.#result(this.#checker.getTypeOfSymbol(symbol), symbol.name);
      }
    }
  }

  /** What a caller gets: its methods are called in turn. */
  #result(type: ts.Type, name: string): void {
    for (const part of parts(type)) {
      if (!isObject(part)) continue;
      if (containers.has(part.symbol?.name) && isReference(part)) {
        for (const inside of this.#checker.getTypeArguments(part)) this.#result(inside, name);
        continue;
      }
      for (const signature of [...part.getCallSignatures(), ...part.getConstructSignatures()]) {
        this.#signature(signature, name);
      }
      if (!isOurs(part)) continue;
      const text = this.#checker.typeToString(part);
      if (this.#results.has(text)) continue;
      this.#results.add(text);
      for (const member of this.#checker.getPropertiesOfType(part)) {
        const [declaration] = member.declarations ?? [];
        if (declaration === undefined || !inSource(declaration) || /^(?:__@|#|__#)/.test(member.name))
          continue;
        const owner = ownerOf(declaration);
        this.#result(
          this.#checker.getTypeOfSymbol(member),
          owner === undefined ? name : `${owner}.${member.name}`,
        );
      }
    }
  }

  #signature(signature: ts.Signature, name: string): void {
    for (const parameter of signature.parameters) {
      const place = `${name}(${parameter.name.startsWith("__") ? "options" : parameter.name})`;
      this.#argument(this.#checker.getTypeOfSymbol(parameter), { place, root: place, path: [], within: [] });
    }
    this.#result(signature.getReturnType(), name);
  }

  #argument(type: ts.Type, at: Argument): void {
    const objects: ts.Type[] = [];
    for (const part of parts(type)) {
      if (this.#checker.isArrayType(part) || this.#checker.isTupleType(part)) {
        const place = `${at.place}[]`;
        for (const inside of this.#checker.getTypeArguments(part as ts.TypeReference)) {
          this.#argument(inside, { ...at, place, path: [...at.path, "[]"] });
        }
      } else if (this.#isOptions(part, at.place) && !at.within.includes(part)) objects.push(part);
    }
    if (objects.length === 0 || this.#places.has(at.place)) return;
    this.#places.add(at.place);
    const members = new Map<string, ts.Type[]>();
    for (const object of objects) {
      for (const member of this.#checker.getPropertiesOfType(object)) {
        if (member.name.startsWith("__@")) continue;
        const types = members.get(member.name) ?? [];
        members.set(member.name, [...types, this.#checker.getTypeOfSymbol(member)]);
      }
    }
    this.found.push({
      place: at.place,
      root: at.root,
      path: at.path,
      type: objects.map((object) => this.#nameOf(object)).join(" | "),
      options: [...members].map(([name, types]) => option(name, types.flatMap(parts), this.#checker)),
    });
    const within = [...at.within, ...objects];
    for (const [name, types] of members) {
      const place = `${at.place}.${name}`;
      for (const inside of types) {
        this.#argument(inside, { place, root: at.root, path: [...at.path, name], within });
      }
    }
  }

  #isOptions(part: ts.Type, place: string): boolean {
    if (!isObject(part) || isCallable(part) || !isOurs(part)) return false;
    if (this.#checker.getPropertiesOfType(part).length === 0) return false;
    return !this.#isData(this.#nameOf(part), place);
  }

  #nameOf(type: ts.Type): string {
    const name = (type.aliasSymbol ?? type.symbol)?.name ?? "__type";
    if (!/^(?:__type|__object|Pick|Readonly)$/.test(name)) return name;
    return this.#checker
      .getPropertiesOfType(type)
      .map((member) => member.name)
      .join(",");
  }
}

/** Where an argument stands. */
interface Argument {
  readonly place: string;
  readonly root: string;
  readonly path: readonly string[];
  /** The objects around it: a transaction in a transaction is one place. */
  readonly within: readonly ts.Type[];
}

const parts = (type: ts.Type): ts.Type[] => (type.isUnion() ? type.types.flatMap(parts) : [type]);

const isObject = (type: ts.Type): boolean =>
  (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0;

const isCallable = (type: ts.Type): boolean => type.getCallSignatures().length > 0;

function isReference(type: ts.Type): type is ts.TypeReference {
  return ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0;
}

const inSource = (node: ts.Node): boolean => node.getSourceFile().fileName.startsWith(`${top}src/`);

/** Declared here, or put together of what is: `Scoped & Call`, `Pick<Scoped, "namespace">`. */
function isOurs(type: ts.Type): boolean {
  if (type.isIntersection()) return type.types.some(isOurs);
  const { aliasSymbol, symbol } = type;
  if (/^(?:Pick|Omit|Partial)$/.test(aliasSymbol?.name ?? "")) return true;
  return (aliasSymbol ?? symbol)?.declarations?.some(inSource) === true;
}

/** The interface, class or type that a member is declared in. */
function ownerOf(declaration: ts.Declaration): string | undefined {
  for (let node = declaration.parent; node !== undefined; node = node.parent) {
    if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
      return node.name?.text;
    }
  }
  return undefined;
}

function option(name: string, types: readonly ts.Type[], checker: ts.TypeChecker): PublicOption {
  const shapes = new Set<Shape>();
  const texts: string[] = [];
  let isOpen = false;
  for (const type of types) {
    const shape = shapeOf(type, checker);
    if (shape === undefined) continue;
    shapes.add(shape);
    if (shape !== "string") continue;
    if (type.isStringLiteral()) texts.push(type.value);
    else isOpen = true;
  }
  return { name, shapes, texts: isOpen || texts.length === 0 ? undefined : texts };
}

function shapeOf(type: ts.Type, checker: ts.TypeChecker): Shape | undefined {
  const { flags } = type;
  if (flags & ts.TypeFlags.NumberLike) return "number";
  if (flags & ts.TypeFlags.BigIntLike) return "bigint";
  if (flags & (ts.TypeFlags.StringLike | ts.TypeFlags.TemplateLiteral)) return "string";
  if (flags & ts.TypeFlags.BooleanLike) return "boolean";
  if (type.isIntersection() && type.types.some((part) => part.flags & ts.TypeFlags.StringLike))
    return "string";
  if (!isObject(type)) return undefined;
  if (isCallable(type)) return "function";
  return checker.isArrayType(type) || checker.isTupleType(type) ? "array" : "object";
}
