/**
 * The example API server's defaults, for every kind that has rules: what they set in an object as a client sends it is
 * also set after the object was decoded by its type, where an absent field may have become an empty or zero one.
 */
import { kubernetesKinds } from "keelson/kubernetes";
import { describe, expect, test } from "vitest";
import { decodeObject } from "../../../../examples/api-server/admission/decoding.ts";
import { Catalog } from "../../../../examples/api-server/api/catalog.ts";
import { resourceNameOf } from "../../../../examples/api-server/api/served.ts";
import { otherRules } from "../../../../examples/api-server/defaults/others.ts";
import { pod } from "../../../../examples/api-server/defaults/pods.ts";
import {
  fillDefaults,
  isJson,
  type Json,
  type Rules,
} from "../../../../examples/api-server/defaults/rules.ts";
import { workloadRules } from "../../../../examples/api-server/defaults/workloads.ts";

const kinds = kubernetesKinds();
const catalog = new Catalog(
  () => kinds,
  () => undefined,
);

/** What the functions among the rules look at. */
const siblings: Json = {
  port: 80,
  image: "nginx",
  capacity: { cpu: "1" },
  type: "NodePort",
  kind: "PersistentVolumeClaim",
};

/** An object with nothing but the places that `rules` descend into; a place that is a list has one item. */
function emptyAt(rules: Rules, accepts: (object: Json) => boolean, isTop = true): Json {
  const object: Json = {};
  for (const [name, inner] of Object.entries(rules.within ?? {})) {
    const inside = (member: Json, isList: boolean): Json => ({
      ...object,
      [name]: isList ? [member] : member,
    });
    const isList = !accepts(inside({}, false));
    if (isList && !accepts(inside({}, true))) continue; // a part of a pod that this kind of container does not have
    object[name] = inside(
      emptyAt(inner, (member) => accepts(inside(member, isList)), false),
      isList,
    )[name];
  }
  for (const [name, value] of isTop ? [] : Object.entries(siblings)) {
    if (object[name] === undefined && accepts({ ...object, [name]: value })) object[name] = value;
  }
  return object;
}

/** Paths of the values in `wanted` that `found` does not have. */
function missing(wanted: unknown, found: unknown, path = ""): readonly string[] {
  if (Array.isArray(wanted) || isJson(wanted)) {
    const members: readonly (readonly [string, unknown])[] = Object.entries(wanted);
    const inside = typeof found === "object" && found !== null ? (found as Json) : {};
    return members.flatMap(([name, value]) => missing(value, inside[name], `${path}.${name}`));
  }
  // Go leaves an empty text out.
  if (wanted === undefined || wanted === "" || wanted === found) return [];
  return [`${path}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`];
}

const all: Readonly<Record<string, Rules>> = { ...workloadRules, ...otherRules, pods: pod };

describe("defaults reach a decoded object", () => {
  for (const [name, rules] of Object.entries(all)) {
    test(name, () => {
      const served = catalog.all.find((one) => resourceNameOf(one) === name && one.shape === undefined);
      if (served === undefined) throw new Error(`no kind is served as ${name}`);
      const decoded = (object: Json): Json => decodeObject(served, structuredClone(object), "Strict").object;
      const accepts = (object: Json): boolean => {
        try {
          decoded(object);
          return true;
        } catch {
          return false;
        }
      };
      const sent = emptyAt(rules, accepts);
      const found = decoded(sent);
      fillDefaults(found, rules);
      fillDefaults(sent, rules);
      expect(missing(sent, found)).toEqual([]);
    });
  }
});
