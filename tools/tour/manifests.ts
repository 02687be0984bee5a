/**
 * Reads Kubernetes-style manifests: every .yaml, .yml and .json file of a folder, several documents a file, `kind:
 * List` flattened. A fault is reported with its file and line; anchors and aliases are refused, because a few of them
 * can expand without limit.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AnyResource, Draft } from "keelson";
import { type Document, isAlias, isNode, LineCounter, parseAllDocuments, type Tags, visit } from "yaml";
import { messageOf } from "../../src/base/text/message-of.ts";

/** One object as its file has it; `apiVersion` and `kind` are there. */
export type Manifest = Draft<AnyResource> & {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string | undefined };
};

/** A manifest that cannot be used; the message says where and why. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

/** @throws ManifestError for a folder that cannot be read or holds no manifest, and for the first bad document */
export async function readManifests(folder: string): Promise<readonly Manifest[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw new ManifestError(`Cannot read manifests from "${folder}": ${messageOf(error)}`, { cause: error });
  }
  const files = names.filter((name) => /\.(?:ya?ml|json)$/.test(name)).sort();
  const manifests: Manifest[] = [];
  for (const file of files) {
    const path = join(folder, file);
    manifests.push(...parseManifests(await readFile(path, "utf8"), path));
  }
  if (manifests.length === 0) {
    throw new ManifestError(
      `Cannot read manifests from "${folder}": found no object in ${files.length} files, expected *.yaml, *.yml or *.json`,
    );
  }
  return manifests;
}

/**
 * YAML as kubectl reads it: version 1.1, with `yes` a boolean and `0755` octal, except dates and times of day, which
 * the library behind kubectl reads as text.
 */
const asKubectl = (tags: Tags): Tags =>
  tags.filter(
    (tag) =>
      typeof tag === "string" ||
      (tag.tag !== "tag:yaml.org,2002:timestamp" && (!("format" in tag) || tag.format !== "TIME")),
  );

/** The objects of one file's text, in order. @throws ManifestError naming `file` and the line */
export function parseManifests(text: string, file: string): readonly Manifest[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter,
    merge: false,
    version: "1.1",
    customTags: asKubectl,
  });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const lineOf = (offset: number | undefined): string =>
      `${file}:${offset === undefined ? 1 : lineCounter.linePos(offset).line}`;
    const [syntaxError] = document.errors;
    if (syntaxError !== undefined) {
      throw new ManifestError(`${lineOf(syntaxError.pos[0])}: ${syntaxError.message.split("\n")[0]}`);
    }
    refuseAnchors(document, lineOf);
    const content: unknown = document.toJS();
    if (content === null) return [];
    return flatten(content, lineOf(document.contents?.range?.[0]));
  });
}

function refuseAnchors(document: Document.Parsed, lineOf: (offset: number | undefined) => string): void {
  visit(document, (_, node) => {
    if (!isNode(node)) return;
    const isAnchor = "anchor" in node && node.anchor !== undefined;
    if (isAlias(node) || isAnchor) {
      throw new ManifestError(`${lineOf(node.range?.[0])}: anchors and aliases are not accepted`);
    }
  });
}

function flatten(content: unknown, place: string): readonly Manifest[] {
  if (isRecord(content) && content["kind"] === "List" && Array.isArray(content["items"])) {
    return content["items"].flatMap((item: unknown) => flatten(item, place));
  }
  if (!isManifest(content)) {
    throw new ManifestError(
      `${place}: found ${describe(content)}, expected an object with apiVersion, kind and metadata.name`,
    );
  }
  return [content];
}

function isManifest(value: unknown): value is Manifest {
  if (!isRecord(value)) return false;
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== "string" || typeof kind !== "string" || !isRecord(metadata)) return false;
  const { name, namespace } = metadata;
  return typeof name === "string" && (namespace === undefined || typeof namespace === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (!isRecord(value)) return Array.isArray(value) ? "a list" : `"${String(value)}"`;
  return `an object with ${Object.keys(value).slice(0, 5).join(", ") || "nothing in it"}`;
}
