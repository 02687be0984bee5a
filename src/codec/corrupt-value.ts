/** The error for a stored value that cannot be read. */
import { StoreError } from "../errors.ts";
import type { KindDefinition } from "../resource/model/kind.ts";
import { DecodeFault } from "./form/decode-fault.ts";

export function corruptValue(
  definition: KindDefinition,
  key: string | undefined,
  reason: string,
  cause?: unknown,
): StoreError<"CORRUPT_OBJECT"> {
  const { resource, kind, group } = definition;
  const what = key === undefined ? `a value of ${resource}` : `"${key}"`;
  return new StoreError(
    "CORRUPT_OBJECT",
    `Cannot read ${what}: ${reason}`,
    {
      key,
      kind,
      group,
      reason,
      ...(cause instanceof DecodeFault && cause.offset !== undefined ? { offset: cause.offset } : {}),
    },
    cause === undefined ? undefined : { cause },
  );
}
