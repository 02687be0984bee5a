/**
 * What a stored value needs to be read: the key that it is sealed under, the dictionary that it is written with. Found
 * without opening the value, to count what is still in use.
 */
import { at, flagBits, hasMagic, prologueFault } from "./form/envelope.ts";
import { isWrapped, wrappedUnder } from "./form/wrapped-value.ts";
import { dictionaryName } from "./plain-reader.ts";
import { sealedLayout } from "./sealing/sealing.ts";

/**
 * The id of the key that a stored value is sealed under; undefined for values that are not sealed. Reads only the
 * clear part and authenticates nothing: for counting which keys are still in use before one is dropped.
 */
export function sealedUnder(stored: Uint8Array): string | undefined {
  if (isWrapped(stored)) return wrappedUnder(stored);
  if (!hasMagic(stored) || prologueFault(stored) !== undefined) return undefined;
  if (((stored[at.flags] ?? 0) & flagBits.sealed) === 0) return undefined;
  const layout = sealedLayout(stored);
  return typeof layout === "string" ? undefined : layout.keyId;
}

/** The name of the dictionary that an unsealed value is written with; undefined for one that needs none. */
export function usedDictionary(stored: Uint8Array): string | undefined {
  if (!hasMagic(stored)) return undefined;
  const flags = stored[at.flags] ?? 0;
  // Sealed values never have one, because it would be stored in the clear.
  if ((flags & flagBits.sealed) !== 0 || (flags & flagBits.dictionary) === 0) return undefined;
  return dictionaryName(stored);
}
