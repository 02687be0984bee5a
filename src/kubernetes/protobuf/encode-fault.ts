/** A fault in an object that is encoded, and the path to where it is. */
import { formatPath } from "../../resource/model/plain-data.ts";

/** A fault in an object to encode: its place and reason. */
export class EncodeFault extends Error {
  override readonly name = "EncodeFault";
  readonly field: string;

  constructor(field: string, reason: string) {
    super(reason);
    this.field = field;
  }
}

/** Where in an object the writer is. */
export class EncodePath {
  /** Tracked only when a fault or an unknown member must be reported. */
  steps: (string | number)[] | undefined;

  fault(reason: string): EncodeFault {
    return new EncodeFault(this.toString(), reason);
  }

  expected(value: unknown, wanted: string): EncodeFault {
    return this.fault(`is ${nameOf(value)}, expected ${wanted}`);
  }

  toString(): string {
    return formatPath("", this.steps ?? []);
  }
}

/** Describes a value for an error message, never by its content, which may be a secret. */
function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "text";
    case "object":
      return "a record";
    case "number":
      return String(value);
    default:
      return `a ${typeof value}`;
  }
}
