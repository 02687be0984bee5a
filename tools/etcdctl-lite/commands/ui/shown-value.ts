/**
 * A stored value as the page shows it: the object as YAML, text as text, other bytes in hex. Secrets are concealed
 * here, in the server: they are sent only on the reader's request.
 *
 *   concealed   Kubernetes' Secrets, and every value that is sealed or encrypted at rest
 *   what stays  who and what it is: kind, metadata without annotations, and the names of its fields
 */
import type { AnyResource } from "keelson";
import type { ReadValue } from "keelson/codec";
import { formOf, withVersion } from "../../store/decode-values.ts";
import type { ValueReader } from "../../store/value-reader.ts";
import { keyHint } from "../../store/value-reader.ts";
import { yamlDocument } from "../../text/documents.ts";
import { printable } from "../../text/printable.ts";
import { exactTextOf } from "../../text/raw-bytes.ts";

/** Longest text or dump to send, characters; an object is sent whole. */
const shownTextMax = 200_000;
const hexBytesMax = 4_096;
const hexRowBytes = 16;

export interface ReadVersion {
  /** Undefined: not an object. */
  readonly object: AnyResource | undefined;
  /** A description of its stored form. */
  readonly form: string;
  /** Why it is concealed by default; undefined: it is not secret. */
  readonly secret: string | undefined;
  /** Why it is unreadable, with advice; undefined: it is readable. */
  readonly fault: string | undefined;
  /** The parts of an object that are not shown. */
  readonly unread: readonly string[];
}

const wrapped = Buffer.from("k8s:enc:");

export async function readVersion(
  reader: ValueReader,
  facts: { readonly key: string; readonly value: Uint8Array; readonly revision: bigint },
): Promise<ReadVersion> {
  const { key, value, revision } = facts;
  const isWrapped = Buffer.from(value.subarray(0, wrapped.length)).equals(wrapped);
  let read: ReadValue;
  try {
    read = await reader.peek(key, value);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const fault = [error.message, keyHint(error.message)].filter(Boolean).join(". ");
    // A value that cannot be opened may be secret: its bytes are shown only on request.
    return { object: undefined, form: "not readable", secret: "it cannot be read", fault, unread: [] };
  }
  if ("foreign" in read) {
    const text = textOf(value);
    const form = text === undefined ? "bytes" : "text";
    return {
      object: undefined,
      form,
      secret: isSecretKey(key) ? "its key is a Secret's" : undefined,
      fault: undefined,
      unread: [],
    };
  }
  const form = isWrapped ? `${formOf(read)}, encrypted at rest` : formOf(read);
  const secret =
    read.object.kind === "Secret" || isSecretKey(key)
      ? "it is a Secret"
      : isWrapped || read.sealedUnder !== undefined
        ? "it is encrypted at rest"
        : undefined;
  return { object: withVersion(read.object, revision), form, secret, fault: undefined, unread: read.unread };
}

/** A damaged Secret is still secret. */
const isSecretKey = (key: string): boolean => /\/secrets\//.test(key);

export interface ShownValue {
  readonly type: "yaml" | "text" | "hex" | "none";
  readonly text: string;
  /** True: it is truncated. */
  readonly cut: boolean;
}

/** @param revealed the reader has requested the secret */
export async function shownValue(
  read: ReadVersion,
  value: Uint8Array,
  revealed: boolean,
): Promise<ShownValue> {
  const concealed = read.secret !== undefined && !revealed;
  if (read.object !== undefined) {
    const object = concealed ? concealedObject(read.object) : read.object;
    const document = await yamlDocument(object);
    return { type: "yaml", text: document.replace(/^---\n/, ""), cut: false };
  }
  if (concealed) return { type: "none", text: "", cut: false };
  const text = textOf(value);
  if (text !== undefined) {
    const shown = printable(indentedJson(text) ?? text, "lines");
    return { type: "text", text: shown.slice(0, shownTextMax), cut: shown.length > shownTextMax };
  }
  return { type: "hex", text: hexDump(value.subarray(0, hexBytesMax)), cut: value.length > hexBytesMax };
}

const hidden = "••••••";
/** Metadata without annotations, which may repeat the whole object (kubectl apply). */
const shownMetadata = [
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "labels",
];

/** The same object without its values. */
export function concealedObject(object: AnyResource): unknown {
  const metadata = Object.fromEntries(
    Object.entries(object.metadata).filter(([name]) => shownMetadata.includes(name)),
  );
  const rest = Object.entries(object).filter(
    ([name]) => !["apiVersion", "kind", "metadata", "type"].includes(name),
  );
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    ...(typeof object["type"] === "string" ? { type: object["type"] } : {}),
    metadata,
    ...Object.fromEntries(rest.map(([name, value]) => [name, concealedField(value)])),
  };
}

/** The names of a map's entries are not secret; everything else is concealed. */
function concealedField(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return hidden;
  return Object.fromEntries(Object.keys(value).map((name) => [name, hidden]));
}

/** The value as text that can be shown; undefined if it is not text. */
export function textOf(value: Uint8Array): string | undefined {
  const text = exactTextOf(value);
  return text?.includes("\0") ? undefined : text;
}

function indentedJson(text: string): string | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not JSON: shown unchanged.
    return undefined;
  }
}

function hexDump(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += hexRowBytes) {
    const row = bytes.subarray(at, at + hexRowBytes);
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = [...row]
      .map((byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : "."))
      .join("");
    rows.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(hexRowBytes * 3)} ${text}`);
  }
  return rows.join("\n");
}
