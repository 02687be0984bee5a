/**
 * An EncryptionConfiguration, checked by kube-apiserver's own rules: it refuses resources and wildcards that overlap or
 * mask each other, and requires lower-case names and keys of the right length. Messages name the place and never quote
 * a secret.
 */
import { nearestName } from "../../base/text/nearest-name.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import { durationMs } from "./go-duration.ts";
import type { NamedKey } from "./provider.ts";

export type ConfiguredProvider =
  | { readonly type: "identity" }
  | { readonly type: "aescbc" | "aesgcm" | "secretbox"; readonly keys: readonly NamedKey[] }
  | { readonly type: "kms"; readonly name: string; readonly socketPath: string; readonly timeoutMs: number };

export interface ResourceProviders {
  /** "secrets", "deployments.apps", "*.apps", "*.", "*.*". */
  readonly resources: readonly string[];
  /** In order: the first one writes. */
  readonly providers: readonly ConfiguredProvider[];
}

const keyBytes: Readonly<Record<string, readonly number[]>> = {
  aescbc: [16, 24, 32],
  aesgcm: [16, 24, 32],
  secretbox: [32],
};
const kmsTimeoutMsDefault = 3000;
const kmsFields = ["apiVersion", "name", "cachesize", "endpoint", "timeout"];
const everything = "*.*";

/** @throws INVALID_ARGUMENT "source" */
export function checkedConfiguration(source: unknown): readonly ResourceProviders[] {
  const top = fields(source, "it", ["apiVersion", "kind", "resources"]);
  const kind = top["kind"];
  // Kubernetes 1.7 to 1.12 used the second form, which kube-apiserver still accepts.
  if (kind !== "EncryptionConfiguration" && kind !== "EncryptionConfig") {
    throw refuse(`kind is ${quote(kind)}, expected "EncryptionConfiguration"`);
  }
  const lists = list(top["resources"], "resources");
  const pluginNames = new Set<string>();
  const checked = lists.map((value, i): ResourceProviders => {
    const at = `resources[${i}]`;
    const entry = fields(value, at, ["resources", "providers"]);
    const resources = list(entry["resources"], `${at}.resources`).map((name, j) =>
      resourceName(name, `${at}.resources[${j}]`),
    );
    refuseOverlap(resources, at);
    const providers = list(entry["providers"], `${at}.providers`).map((provider, j) =>
      checkedProvider(provider, `${at}.providers[${j}]`, pluginNames),
    );
    return { resources, providers };
  });
  refuseMasked(checked);
  return checked;
}

function resourceName(value: unknown, at: string): string {
  const fault = (wanted: string): Error => refuse(`${at} is ${quote(value)}: ${wanted}`);
  if (typeof value !== "string" || value === "") throw fault("expected a resource, such as secrets");
  if (/[A-Z]/.test(value)) throw fault("expected no capital letters");
  if (value === "*") throw fault('expected "*." for the core group or "*.*" for all resources');
  const { resource, group } = parts(value);
  if (["apiserveripinfo", "serviceipallocations", "servicenodeportallocations"].includes(value)) {
    throw fault("it has no REST API and cannot be encrypted");
  }
  if (group === "events.k8s.io") throw fault('events are stored in the core group, expected "events"');
  if (group === "extensions") throw fault("the group is gone from Kubernetes");
  if (group === "*" && resource !== "*") throw fault("a resource of all groups is not supported");
  return value;
}

function refuseOverlap(resources: readonly string[], at: string): void {
  for (const [i, one] of resources.entries()) {
    for (const other of resources.slice(i + 1)) {
      const overlaps =
        one === other ||
        [one, other].includes(everything) ||
        (parts(one).group === parts(other).group &&
          [one, other].some((name) => parts(name).resource === "*"));
      if (overlaps) throw refuse(`${at}.resources has ${quote(one)} and ${quote(other)}, which overlap`);
    }
  }
}

/** An entry after a wildcard that matches it would never be used: kube-apiserver does not start with one. */
function refuseMasked(checked: readonly ResourceProviders[]): void {
  const before: string[] = [];
  for (const { resources } of checked) {
    for (const name of resources) {
      const mask = [`*.${parts(name).group}`, everything].find((wildcard) => before.includes(wildcard));
      if (mask !== undefined) throw refuse(`resource ${quote(name)} is masked by ${quote(mask)} above it`);
    }
    before.push(...resources);
  }
}

function parts(name: string): { readonly resource: string; readonly group: string } {
  const dot = name.indexOf(".");
  return dot < 0
    ? { resource: name, group: "" }
    : { resource: name.slice(0, dot), group: name.slice(dot + 1) };
}

function checkedProvider(value: unknown, at: string, pluginNames: Set<string>): ConfiguredProvider {
  const provider = fields(value, at);
  const [type, ...more] = Object.keys(provider);
  if (type === undefined || more.length > 0) {
    throw refuse(`${at} has ${type === undefined ? "no provider" : "more than one provider"}, expected one`);
  }
  switch (type) {
    case "identity":
      if (provider[type] !== null) fields(provider[type], `${at}.identity`, []);
      return { type };
    case "aescbc":
    case "aesgcm":
    case "secretbox": {
      const keysAt = `${at}.${type}.keys`;
      const keys = list(fields(provider[type], `${at}.${type}`, ["keys"])["keys"], keysAt);
      return { type, keys: keys.map((key, i) => namedKey(key, `${keysAt}[${i}]`, keyBytes[type] ?? [])) };
    }
    case "kms":
      return kmsProvider(fields(provider[type], `${at}.kms`, kmsFields), `${at}.kms`, pluginNames);
    default:
      throw refuse(`${at} is ${quote(type)}, expected aescbc, aesgcm, secretbox, identity or kms`);
  }
}

function namedKey(value: unknown, at: string, lengths: readonly number[]): NamedKey {
  const { name, secret } = fields(value, at, ["name", "secret"]);
  if (typeof name !== "string" || name === "") throw refuse(`${at}.name is empty`);
  if (typeof secret !== "string" || secret === "") throw refuse(`${at}.secret is empty`);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(secret)) throw refuse(`${at}.secret is not base64`);
  const bytes = Buffer.from(secret, "base64");
  if (!lengths.includes(bytes.byteLength)) {
    throw refuse(`${at}.secret has ${bytes.byteLength} bytes, expected ${lengths.join(" or ")}`);
  }
  return { name, secret: new Uint8Array(bytes) };
}

function kmsProvider(
  kms: Readonly<Record<string, unknown>>,
  at: string,
  names: Set<string>,
): ConfiguredProvider {
  const { apiVersion = "v1", name, endpoint, timeout } = kms;
  if (apiVersion === "v1") {
    throw refuse(
      `${at} is KMS v1, which is not supported: Kubernetes has it off since 1.29; expected apiVersion v2`,
    );
  }
  if (apiVersion !== "v2") throw refuse(`${at}.apiVersion is ${quote(apiVersion)}, expected v2`);
  if (typeof name !== "string" || name === "" || name.includes(":")) {
    throw refuse(`${at}.name is ${quote(name)}, expected a name without ":"`);
  }
  if (names.has(name)) throw refuse(`${at}.name is ${quote(name)} again: names of plugins differ`);
  names.add(name);
  if (typeof endpoint !== "string" || !/^unix:\/\/.+/.test(endpoint)) {
    throw refuse(`${at}.endpoint is ${quote(endpoint)}, expected unix:///path/to/socket`);
  }
  // "unix:///@name" is a socket without a file, in Linux' abstract namespace.
  const path = endpoint.slice("unix://".length);
  const socketPath = path.startsWith("/@") ? `\0${path.slice(2)}` : path;
  const timeoutMs = timeout === undefined || timeout === null ? kmsTimeoutMsDefault : durationMs(timeout);
  if (timeoutMs === undefined || timeoutMs <= 0) {
    throw refuse(`${at}.timeout is ${quote(timeout)}, expected a duration such as 3s`);
  }
  return { type: "kms", name, socketPath, timeoutMs };
}

/** @param known undefined: any. Stricter than kube-apiserver, which ignores a field it does not know */
function fields(value: unknown, at: string, known?: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(`${at} is no object`);
  const unknown = Object.keys(value).find((name) => known !== undefined && !known.includes(name));
  if (unknown === undefined) return value as Readonly<Record<string, unknown>>;
  const near = nearestName(unknown, known ?? []);
  const hint = near === undefined ? "" : `, did you mean ${quote(near)}?`;
  throw refuse(`${at} has the field ${quote(unknown)}, which is not known${hint}`);
}

function list(value: unknown, at: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw refuse(`${at} is empty, expected at least one`);
}

function refuse(fault: string): Error {
  return invalidArgument("source", `Cannot use encryption configuration: ${fault}`);
}
