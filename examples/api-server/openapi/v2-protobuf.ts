/**
 * An OpenAPI v2 document in protobuf, the only form kubectl before 1.24 reads (gnostic's openapiv2/OpenAPIv2.proto).
 * The tables below are its messages, as far as this server's documents use them: JSON name, field number, and type.
 */
import { isJson, type Json } from "../defaults/rules.ts";

type Shape =
  | "text"
  | "flag"
  | "texts"
  | "any"
  | { readonly message: () => Message }
  | { readonly each: () => Message }
  /** A map as a message of named values: each entry { 1: name, 2: value }, in field `entry` of the wrapper (0: no wrapper). */
  | { readonly named: () => Message; readonly entry: number };

interface Message {
  readonly fields: Readonly<Record<string, readonly [number, Shape]>>;
  /** Field that takes extensions (x-…), each a name and a value. */
  readonly extensions?: number;
  /** The enclosing messages, as field numbers from the outside in: a oneof's wrappers. */
  readonly inside?: readonly number[];
}

const schema = (): Message => schemaMessage;
const schemaMessage: Message = {
  fields: {
    $ref: [1, "text"],
    format: [2, "text"],
    description: [4, "text"],
    default: [5, "any"],
    required: [19, "texts"],
    additionalProperties: [21, { message: () => ({ ...schemaMessage, inside: [1] }) }],
    type: [22, { message: () => typeItem }],
    items: [23, { message: () => ({ ...schemaMessage, inside: [1] }) }],
    properties: [25, { named: schema, entry: 1 }],
  },
  extensions: 31,
};
/** A type is a list of one: TypeItem { 1: value }. */
const typeItem: Message = { fields: { value: [1, "text"] } };

const parameterFields = (numbers: readonly [number, number, number, number]): Message["fields"] => ({
  required: [1, "flag"],
  in: [2, "text"],
  name: [numbers[0], "text"],
  type: [numbers[1], "text"],
  uniqueItems: [numbers[2], "flag"],
});
const parameter = (value: Json): Message => {
  if (value["in"] === "body") {
    return {
      fields: { name: [2, "text"], in: [3, "text"], required: [4, "flag"], schema: [5, { message: schema }] },
      inside: [1, 1],
    };
  }
  const isPath = value["in"] === "path";
  return isPath
    ? { fields: parameterFields([4, 5, 20, 0]), inside: [1, 2, 4] }
    : { fields: parameterFields([4, 6, 20, 0]), inside: [1, 2, 3] };
};

const responseValue: Message = {
  fields: { description: [1, "text"], schema: [2, { message: () => ({ ...schemaMessage, inside: [1] }) }] },
  inside: [1],
};
const operation = (): Message => ({
  fields: {
    operationId: [5, "text"],
    produces: [6, "texts"],
    consumes: [7, "texts"],
    responses: [9, { named: () => responseValue, entry: 1 }],
  },
  extensions: 13,
});
const pathItem = (): Message => ({
  fields: Object.fromEntries(
    (["get", "put", "post", "delete"] as const)
      .map((method, i) => [method, [i + 2, { message: operation }] as const])
      .concat([["patch", [8, { message: operation }]]] as never),
  ),
});
const document: Message = {
  fields: {
    swagger: [1, "text"],
    info: [2, { message: () => ({ fields: { title: [1, "text"], version: [2, "text"] } }) }],
    paths: [8, { named: pathItem, entry: 2 }],
    definitions: [9, { named: schema, entry: 1 }],
  },
};

export const encodeOpenApiV2 = (value: Json): Buffer => encode(value, document);

function encode(value: Json, { fields, extensions, inside = [] }: Message): Buffer {
  const parts: Buffer[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (extensions !== undefined && name.startsWith("x-")) {
      parts.push(bytesField(extensions, named(name, anyOf(member))));
      continue;
    }
    if (name === "parameters" && Array.isArray(member)) {
      // PathItem has them in field 9, Operation in field 8.
      const number = fields["operationId"] === undefined ? 9 : 8;
      for (const one of member.filter(isJson)) parts.push(bytesField(number, encode(one, parameter(one))));
      continue;
    }
    const field = fields[name];
    if (field !== undefined) parts.push(fieldOf(field[0], field[1], member));
  }
  let bytes: Buffer = Buffer.concat(parts);
  for (const number of [...inside].reverse()) bytes = bytesField(number, bytes);
  return bytes;
}

function fieldOf(number: number, shape: Shape, value: unknown): Buffer {
  if (shape === "text") return textField(number, String(value));
  if (shape === "flag")
    return value === true ? Buffer.concat([varint(number << 3), varint(1)]) : Buffer.alloc(0);
  if (shape === "any") return bytesField(number, anyOf(value));
  if (shape === "texts")
    return Buffer.concat((value as readonly unknown[]).map((one) => textField(number, String(one))));
  if ("each" in shape) {
    return Buffer.concat(
      (value as readonly Json[]).map((one) => bytesField(number, encode(one, shape.each()))),
    );
  }
  if ("named" in shape) {
    const entries = Object.entries(value as Json).map(([name, one]) =>
      bytesField(shape.entry, named(name, encode(one as Json, shape.named()))),
    );
    return bytesField(number, Buffer.concat(entries));
  }
  const message = shape.message();
  return bytesField(number, encode(isJson(value) ? value : { value }, message));
}

const named = (name: string, value: Buffer): Buffer =>
  Buffer.concat([textField(1, name), bytesField(2, value)]);
/** gnostic's Any { 2: yaml }: JSON is YAML. */
const anyOf = (value: unknown): Buffer => textField(2, `${JSON.stringify(value)}\n`);
const textField = (number: number, text: string): Buffer => bytesField(number, Buffer.from(text));
const bytesField = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  bytes.push(left);
  return Buffer.from(bytes);
}
