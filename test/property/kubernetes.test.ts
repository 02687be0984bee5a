/**
 * Kubernetes' protobuf against itself, with objects of every type made from the table: JSON to bytes to JSON loses nothing,
 * damaged bytes are read or refused, and fields that no table has are told and never lost.
 */

import fc from "fast-check";
import { isStoreError } from "keelson";
import {
  decodeKubernetes,
  encodeKubernetesProtobuf,
  type FieldFacts,
  hasKubernetesProtobuf,
  kubernetesTypes,
  type UnknownField,
} from "keelson/kubernetes";
import { describe, expect, test } from "vitest";
import type { AnyResource } from "../../src/resource/model/resource.ts";

const types = kubernetesTypes();
const kinds = types.kinds
  .map(({ group, version, kind, message }) => ({
    apiVersion: group === "" ? version : `${group}/${version}`,
    kind,
    message,
  }))
  // A WatchEvent has no kind of its own: it is sent without an envelope.
  .filter(
    ({ apiVersion, kind, message }) =>
      hasKubernetesProtobuf(apiVersion, kind) && types.message(message)?.isKind === true,
  );

// Any name is data in a map.
const text = fc.oneof(
  { arbitrary: fc.string({ unit: "binary", maxLength: 12 }), weight: 12 },
  { arbitrary: fc.constantFrom("__proto__", "constructor", "toJSON"), weight: 1 },
);
const time = fc.integer({ min: -62_000_000_000, max: 253_402_300_799 }).map((seconds) => {
  const [date = ""] = new Date(seconds * 1000).toISOString().split(".");
  return `${date}Z`;
});
const json = fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.integer(), fc.constant({})), { maxKeys: 3 });
const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: text,
  bool: fc.boolean(),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  uint32: fc.nat(),
  uint64: fc.maxSafeNat(),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
  // Empty bytes that are set are written by Go, and left out of its JSON.
  bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  time,
  microtime: fc
    .tuple(time, fc.nat(999_999))
    .map(([at, micros]) => `${at.slice(0, -1)}.${String(micros).padStart(6, "0")}Z`),
  duration: fc.constantFrom("0s", "1h0m0s", "1.5s", "-2m0s", "3ms", "7ns"),
  quantity: fc.constantFrom("0", "1", "250m", "128Mi", "1Gi", "1500", "7k", "-3", "1e3", "12E"),
  intorstring: fc.oneof(fc.integer(), text),
  fields: json,
  raw: json,
  any: json,
};

/** Values of one member, of nesting that ends. */
function memberOf({ type, repeated }: FieldFacts, depth: number): fc.Arbitrary<unknown> | undefined {
  const one = "scalar" in type ? scalars[type.scalar] : messageOf(type.message, depth + 1);
  if (one === undefined) return undefined;
  if (repeated === "list") return fc.array(one, { maxLength: 3 });
  return repeated === "map" ? fc.dictionary(text, one, { maxKeys: 3 }) : one;
}

function messageOf(name: string, depth: number): fc.Arbitrary<unknown> | undefined {
  const facts = types.message(name);
  if (facts === undefined || depth > 5) return undefined;
  switch (facts.form) {
    case "items":
      return fc.array(text, { maxLength: 3 });
    case "json":
      return json;
    case "schema-or-bool":
      return fc.boolean();
    case "schema-or-strings":
      return fc.array(text, { minLength: 1, maxLength: 3 });
    case "schema-or-array":
      return fc.constant({ type: "string" });
    default:
      return fc.record(membersOf(name, depth), { requiredKeys: [] });
  }
}

function membersOf(name: string, depth: number): Record<string, fc.Arbitrary<unknown>> {
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of types.message(name)?.fields ?? []) {
    if (field.number === 0) continue;
    if (field.name === "" && "message" in field.type) {
      Object.assign(members, membersOf(field.type.message, depth));
      continue;
    }
    const value = memberOf(field, depth);
    if (value !== undefined) members[field.name] = value;
  }
  return members;
}

const objectOf = ({ apiVersion, kind, message }: (typeof kinds)[number]): fc.Arbitrary<AnyResource> =>
  (messageOf(message, 0) ?? fc.constant({})).map(
    (members) => ({ kind, apiVersion, ...(members as object) }) as unknown as AnyResource,
  );

/** Without what counts as not set in Go: what is left must come back as it went. */
function set(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((member) => set(member) ?? null);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([name, member]) => [name, set(member)] as const)
    .filter(([, member]) => !isZero(member));
  return Object.fromEntries(entries);
}

function isZero(value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === 0 || value === false) return true;
  if (value === "0" || value === "0s") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function expectReadOrCorrupt(bytes: Uint8Array): void {
  try {
    decodeKubernetes(bytes);
  } catch (error) {
    if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
  }
}

describe("objects of every type", () => {
  test(`JSON to bytes to JSON loses nothing, and the bytes are always the same (${kinds.length} kinds)`, () => {
    for (const kind of kinds) {
      fc.assert(
        fc.property(objectOf(kind), (object) => {
          const bytes = encodeKubernetesProtobuf(object);
          const decoded = decodeKubernetes(bytes);
          expect(set(decoded)).toEqual(set(object));
          expect(Buffer.compare(encodeKubernetesProtobuf(structuredClone(decoded)), bytes)).toBe(0);
        }),
        { numRuns: 3 },
      );
    }
  });

  test("every byte turned over and every cut is read, or is CORRUPT_OBJECT", () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds).chain(objectOf), fc.nat(255), (object, mask) => {
        const bytes = encodeKubernetesProtobuf(object);
        for (let at = 0; at < Math.min(bytes.length, 1500); at++) {
          expectReadOrCorrupt(bytes.subarray(0, at));
          const turned = bytes.slice();
          turned[at] = (turned[at] ?? 0) ^ (mask | 1);
          expectReadOrCorrupt(turned);
        }
      }),
      { numRuns: 25 },
    );
  });

  test("arbitrary bytes behind the magic are read, or are CORRUPT_OBJECT", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        expectReadOrCorrupt(Buffer.concat([Buffer.from("k8s\0"), tail]));
      }),
      { numRuns: 500 },
    );
  });

  test("fields that no table has are told; the object is whole, and is written back with them or not at all", () => {
    const unknown = fc.record({
      number: fc.integer({ min: 900, max: 5000 }),
      value: fc.oneof(
        fc.nat().map((value) => ({ wire: 0, bytes: varint(value) })),
        fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => ({ wire: 1, bytes })),
        fc
          .uint8Array({ maxLength: 20 })
          .map((bytes) => ({ wire: 2, bytes: Buffer.concat([varint(bytes.length), bytes]) })),
        fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => ({ wire: 5, bytes })),
      ),
    });
    const withMetadata = kinds.filter(({ message }) =>
      types
        .message(message)
        ?.fields.some(({ type }) => "message" in type && type.message === "meta/v1.ObjectMeta"),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...withMetadata).chain(objectOf),
        fc.array(unknown, { minLength: 1, maxLength: 4 }),
        (object, fields) => {
          const plain = encodeKubernetesProtobuf(object);
          const extra = fields.map(({ number, value }) =>
            Buffer.concat([varint(number * 8 + value.wire), value.bytes]),
          );
          const grown = withinMessage(plain, Buffer.concat(extra));
          const told: UnknownField[] = [];
          const decoded = decodeKubernetes(grown, { onUnknownFields: (found) => told.push(...found) });
          expect(decoded).toEqual(decodeKubernetes(plain));
          expect(told.map(({ number }) => number)).toEqual(fields.map(({ number }) => number));
          expect(Buffer.compare(encodeKubernetesProtobuf(decoded), grown)).toBe(0);
          decoded.metadata = { ...decoded.metadata, generateName: "changed" };
          expect(() => encodeKubernetesProtobuf(decoded)).toThrow(`field ${fields[0]?.number}`);
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** An envelope whose object has `extra` behind its own fields. */
function withinMessage(bytes: Uint8Array, extra: Uint8Array): Uint8Array {
  const raw = 4 + 2 + (bytes[5] ?? 0);
  let at = raw + 1;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  const message = Buffer.concat([bytes.subarray(at, at + length), extra]);
  return Buffer.concat([
    bytes.subarray(0, raw + 1),
    varint(message.length),
    message,
    bytes.subarray(at + length),
  ]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}
