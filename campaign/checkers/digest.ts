/**
 * Digests of sets of states, so that a list of hundreds is one short field of a history line and is compared in one
 * step.
 *
 * The digest is a sum of 64-bit hashes, one a state: order does not matter, and a state added or taken away is one
 * addition. It finds mistakes, not adversaries.
 */
import { createHash } from "node:crypto";
import type { Resource } from "keelson";
import type { State } from "./history.ts";

/** Of an object's whole content but its resourceVersion, whatever the order of its fields: 16 hex digits. */
export function contentHash(object: Resource): string {
  const { metadata, ...rest } = object;
  const { resourceVersion: _, ...identity } = metadata;
  return createHash("sha1")
    .update(canonical({ ...rest, metadata: identity }))
    .digest("hex")
    .slice(0, 16);
}

/** JSON with the fields of every object in the order of their names; what is undefined is left out. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The part of a state that counts: its value id, or its content hash. */
export type DigestOf = "value" | "hash";

/** A running digest. */
export class Digest {
  #low = 0;
  #high = 0;

  add(state: State, of: DigestOf): void {
    const [low, high] = hash64(textOf(state, of));
    this.#low = (this.#low + low) >>> 0;
    this.#high = (this.#high + high) >>> 0;
  }

  remove(state: State, of: DigestOf): void {
    const [low, high] = hash64(textOf(state, of));
    this.#low = (this.#low - low) >>> 0;
    this.#high = (this.#high - high) >>> 0;
  }

  /** 16 hex digits; of the empty set zeros. */
  toString(): string {
    return hex(this.#high) + hex(this.#low);
  }
}

export function digestOf(states: Iterable<State>, of: DigestOf): string {
  const digest = new Digest();
  for (const state of states) digest.add(state, of);
  return digest.toString();
}

function textOf({ key, revision, value, hash }: State, of: DigestOf): string {
  return `${key}\n${revision}\n${of === "value" ? value : (hash ?? "")}`;
}

const hex = (word: number): string => word.toString(16).padStart(8, "0");

/** Two independent multiplicative hashes with a final mix (the cyrb53 construction). */
function hash64(text: string): readonly [number, number] {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  const low = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  const high = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return [low >>> 0, high >>> 0];
}
