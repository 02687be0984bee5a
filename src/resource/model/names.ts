/**
 * Names: what may be a segment of a key, and how a name is generated.
 *
 * A valid name is ASCII, printable, without `/`, and never "." or "..": so a key built of names can be parsed again,
 * byte order is text order, and no two names share a key. Used by keys, kinds, metadata and label checks. Every
 * expression is anchored, without the m flag: "abc\n" is invalid.
 */
import type { Random } from "../../base/random.ts";
import { limits } from "./limits.ts";

/**
 * Which names a kind accepts:
 * - `subdomain`: RFC 1123 subdomain, the default ("web-1", "a.example.com");
 * - `label`: RFC 1123 label (namespaces, services);
 * - `segment`: any printable ASCII without `/` and `%`, not "." or ".." (roles such as "system:node").
 */
export type NameRule = "subdomain" | "label" | "segment";

const label = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const segment = /^[!-$&-.0-~]+$/;
const qualifiedPart = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** What is wrong with `value` as a name under `rule`, in words that follow the quoted value; undefined when fine. */
export function nameFault(rule: NameRule, value: unknown): string | undefined {
  const lengthMax = rule === "label" ? limits.labelCharactersMax : limits.subdomainCharactersMax;
  if (typeof value !== "string") return "expected text";
  if (value === "") return "expected at least one character";
  if (value.length > lengthMax) return `${value.length} characters, expected at most ${lengthMax}`;
  switch (rule) {
    case "label":
      return label.test(value)
        ? undefined
        : "expected lower-case letters, digits and '-', starting and ending with a letter or digit";
    case "subdomain":
      return subdomain.test(value)
        ? undefined
        : "expected lower-case letters, digits, '-' and '.', each part starting and ending with a letter or digit";
    case "segment":
      return segment.test(value) && value !== "." && value !== ".."
        ? undefined
        : "expected printable ASCII without space, '/' and '%', and not '.' or '..'";
  }
}

/**
 * What is wrong with a qualified name: a label's or annotation's key, a finalizer, e.g. "app" or
 * "example.com/part-of": an optional subdomain and `/`, then up to 63 of letters, digits, `-`, `_`, `.`.
 */
export function qualifiedNameFault(value: unknown): string | undefined {
  if (typeof value !== "string") return "expected text";
  const slash = value.indexOf("/");
  if (slash >= 0) {
    const fault = nameFault("subdomain", value.slice(0, slash));
    if (fault !== undefined) return `the part before '/': ${fault}`;
  }
  const part = value.slice(slash + 1);
  if (part.length > limits.labelCharactersMax) {
    return `the name has ${part.length} characters, expected at most ${limits.labelCharactersMax}`;
  }
  return qualifiedPart.test(part)
    ? undefined
    : "expected letters, digits, '-', '_' and '.', starting and ending with a letter or digit";
}

/** What is wrong with a label's value: empty, or up to 63 of letters, digits, `-`, `_`, `.`. */
export function labelValueFault(value: unknown): string | undefined {
  if (typeof value !== "string") return "expected text";
  if (value === "") return undefined;
  if (value.length > limits.labelValueCharactersMax) {
    return `${value.length} characters, expected at most ${limits.labelValueCharactersMax}`;
  }
  return qualifiedPart.test(value)
    ? undefined
    : "expected letters, digits, '-', '_' and '.', starting and ending with a letter or digit";
}

/** No vowels and no similar characters: generated names spell no words (Kubernetes' alphabet). */
const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** What is wrong with `base` as generateName under `rule`: some name generated from it would be invalid. */
export function generateNameFault(rule: NameRule, base: unknown): string | undefined {
  if (typeof base !== "string") return "expected text";
  if (base === "") return "expected at least one character";
  if (base.length > limits.subdomainCharactersMax) {
    return `${base.length} characters, expected at most ${limits.subdomainCharactersMax}`;
  }
  return nameFault(rule, withSuffix(base, "b".repeat(limits.generatedSuffixCharacters)));
}

/** `base`, cut to leave room, and five random characters; at most 63 in all. `base` has passed `generateNameFault`. */
export function generateName(base: string, random: Random): string {
  let suffix = "";
  for (let i = 0; i < limits.generatedSuffixCharacters; i++) {
    suffix += suffixAlphabet.charAt(random.below(suffixAlphabet.length));
  }
  return withSuffix(base, suffix);
}

function withSuffix(base: string, suffix: string): string {
  return base.slice(0, limits.generatedNameCharactersMax - suffix.length) + suffix;
}
