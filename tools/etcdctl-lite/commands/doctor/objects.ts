/**
 * The objects in etcd: their number per kind, the largest ones, and faults of single objects: unreadable values, events
 * that never expire, custom kinds with removed stored versions, encryption that differs from the configuration, and
 * foreign values where a keelson store writes its own.
 */

import { isStoreError } from "keelson";
import type { Transform } from "keelson/codec";
import type { Etcd } from "keelson/etcd";
import type { Session } from "../../cli/session.ts";
import { encryptionConfig } from "../../store/encryption-config.ts";
import { registryPrefix, sourceOf } from "../../store/key-source.ts";
import { type KindCatalogue, kindCatalogue } from "../../store/kind-catalogue.ts";
import { resourceOf } from "../../store/known-kinds.ts";
import { keyHint, valueReader } from "../../store/value-reader.ts";
import { counted } from "../../text/counted.ts";
import { formatBytes } from "../../text/quote.ts";
import type { Finding } from "./finding.ts";

/** Above this many keys values are read only on request: it takes seconds and transfers every byte. */
const keysMax = 100_000n;
/** A value this large is slow to list and near etcd's request limit. */
const largeBytes: number = 1024 * 1024;
const definitions = "customresourcedefinitions.apiextensions.k8s.io";

export interface KindCount {
  readonly resource: string;
  objects: number;
  bytes: number;
  largestBytes: number;
  largest: string;
}

export interface ObjectsLook {
  readonly findings: readonly Finding[];
  /** The most frequent first; empty: there are none, or they were not read. */
  readonly kinds: readonly KindCount[];
}

/** @param always read values whatever their number */
export async function lookAtObjects(session: Session, etcd: Etcd, always: boolean): Promise<ObjectsLook> {
  const prefix = registryPrefix(session);
  const { prefixEnd } = await import("keelson/etcd");
  const range = { key: prefix, rangeEnd: prefixEnd(Buffer.from(prefix)), countOnly: true };
  const { count } = await etcd.kv.range(range, session.call);
  if (count > keysMax && !always) {
    const what = `the ${count} objects below ${prefix} were not looked at: that reads all of them`;
    return {
      kinds: [],
      findings: [
        { level: "note", check: "objects", where: prefix, what, advice: "doctor --objects, at a quiet time" },
      ],
    };
  }
  const source = await sourceOf(session, etcd);
  const reader = await valueReader(session, etcd);
  const catalogue = await kindCatalogue(session, source, reader);
  const look = new Look(prefix, catalogue, (await encryptionConfig(session))?.transforms);
  for await (const { key, value, lease } of source.scan(prefix)) {
    const text = Buffer.from(key).toString();
    await look.at(text, value, lease, async () => reader.peek(text, value));
  }
  return { kinds: look.kinds(), findings: await look.findings() };
}

class Look {
  readonly #prefix: string;
  readonly #catalogue: KindCatalogue;
  readonly #transforms: Readonly<Record<string, Transform>> | undefined;
  readonly #counts = new Map<string, KindCount>();
  readonly #unreadable: { readonly key: string; readonly why: string }[] = [];
  readonly #large: string[] = [];
  #eternalEvents = 0;
  readonly #gone: { readonly name: string; readonly versions: readonly string[] }[] = [];
  /** By resource: the number of plaintext values, and the keys of the others. */
  readonly #clear = new Map<string, number>();
  readonly #sealed = new Map<string, Map<string, number>>();
  /** By resource of a keelson store: its own values, and Kubernetes'. */
  readonly #own = new Map<string, number>();
  readonly #foreign = new Map<string, number>();

  constructor(
    prefix: string,
    catalogue: KindCatalogue,
    transforms: Readonly<Record<string, Transform>> | undefined,
  ) {
    this.#prefix = prefix;
    this.#catalogue = catalogue;
    this.#transforms = transforms;
  }

  async at(
    key: string,
    value: Uint8Array,
    lease: string,
    read: () => ReturnType<Awaited<ReturnType<typeof valueReader>>["peek"]>,
  ): Promise<void> {
    const place = this.#catalogue.placeOf(key);
    if (place === undefined) return;
    const resource = resourceOf(place.kind);
    this.#count(resource, key, value);
    if (value.length > largeBytes) this.#large.push(key);
    if (resource === "events" && lease === "0") this.#eternalEvents++;
    try {
      const found = await read();
      if ("foreign" in found) {
        this.#unreadable.push({ key, why: found.foreign });
        return;
      }
      if (found.sealedUnder === undefined) add(this.#clear, resource);
      else add(this.#keysOf(resource), found.sealedUnder);
      if (place.kind.origin === "store") {
        add(found.format === "foreign" || found.format === "raw-json" ? this.#foreign : this.#own, resource);
      }
      if (resource === definitions) await this.#definition(place.name, found.object);
    } catch (error) {
      if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
      const [, under] = /is encrypted (?:by Kubernetes )?under "(k8s:enc:[^"]+)"/.exec(error.message) ?? [];
      // A value without its encryption key is skipped; it is not damaged.
      if (under !== undefined) add(this.#keysOf(resource), under);
      else this.#unreadable.push({ key, why: error.details.reason ?? error.message });
    }
  }

  kinds(): readonly KindCount[] {
    return [...this.#counts.values()].sort((a, b) => b.objects - a.objects);
  }

  async findings(): Promise<readonly Finding[]> {
    const found: Finding[] = [];
    const [unreadable] = this.#unreadable;
    if (unreadable !== undefined) {
      found.push({
        level: "error",
        check: "objects",
        where: unreadable.key,
        what: `${counted(this.#unreadable.length, "value")} cannot be read, the first because ${unreadable.why}`,
        advice:
          keyHint(unreadable.why) ??
          "look at each: get KEY --decode; history and undelete --from may have it whole",
      });
    }
    if (this.#eternalEvents > 0) {
      found.push({
        level: "warning",
        check: "events",
        where: `${this.#prefix}events/`,
        what: `${counted(this.#eternalEvents, "event has", "events have")} no lease, and no end`,
        advice: "they were restored or written past kube-apiserver; delete them when they are not needed",
      });
    }
    for (const { name, versions } of this.#gone) {
      found.push({
        level: "error",
        check: "definitions",
        where: name,
        what: `objects may be stored as ${versions.join(", ")}, which the definition no longer has`,
        advice:
          "add the versions again (served: false), rewrite the objects, then take them out of status.storedVersions",
      });
    }
    for (const key of this.#large) {
      found.push({
        level: "warning",
        check: "size",
        where: key,
        what: `is over ${formatBytes(BigInt(largeBytes))}`,
        advice: "move what is large out of the object",
      });
    }
    return [...found, ...(await this.#encryptionFindings()), ...this.#mixedFindings()];
  }

  async #encryptionFindings(): Promise<readonly Finding[]> {
    const { isWrapping, transformFor } = await import("keelson/codec");
    const found: Finding[] = [];
    const finding = (level: Finding["level"], resource: string, what: string, advice: string): void => {
      found.push({ level, check: "encryption", where: resource, what, advice });
    };
    const rewrite = "rewrite them: kubectl get … -A -o json | kubectl replace -f -";
    for (const resource of this.#counts.keys()) {
      const [, group = ""] = /^[^.]+\.(.*)$/.exec(resource) ?? [];
      const keys = [...(this.#sealed.get(resource) ?? [])].filter(([id]) => id.startsWith("k8s:enc:"));
      const transform =
        this.#transforms === undefined ? undefined : transformFor(this.#transforms, { resource, group });
      if (transform === undefined || !isWrapping(transform)) {
        if (keys.length === 0) continue;
        const under = keys.map(([id, count]) => `${count} under ${id}`).join(", ");
        const what = `objects are encrypted (${under}), and the configuration ${this.#transforms === undefined ? "is not given" : "does not name them"}`;
        finding(
          this.#transforms === undefined ? "note" : "error",
          resource,
          what,
          "give kube-apiserver's with --encryption-config",
        );
        continue;
      }
      for (const [id, count] of keys) {
        if (transform.knows?.(id) === false) {
          finding(
            "error",
            resource,
            `${counted(count, "object is", "objects are")} encrypted under ${id}, which is not in the configuration`,
            "add that key again as the last one, rewrite, then drop it",
          );
        } else if (transform.mode === "unseal") {
          finding(
            "warning",
            resource,
            `${counted(count, "object is", "objects are")} encrypted under ${id}, and the configuration writes plaintext`,
            rewrite,
          );
        } else if (id !== transform.currentKeyId) {
          finding(
            "warning",
            resource,
            `${counted(count, "object is", "objects are")} encrypted under ${id}, and ${transform.currentKeyId} writes now`,
            rewrite,
          );
        }
      }
      const clear = this.#clear.get(resource) ?? 0;
      if (clear > 0 && transform.mode !== "unseal") {
        finding(
          "warning",
          resource,
          `${counted(clear, "object lies", "objects lie")} in the clear, and the configuration encrypts them`,
          rewrite,
        );
      }
    }
    return found;
  }

  #mixedFindings(): readonly Finding[] {
    return [...this.#foreign].flatMap(([resource, count]): readonly Finding[] => {
      const own = this.#own.get(resource) ?? 0;
      if (own === 0) return [];
      return [
        {
          level: "warning",
          check: "formats",
          where: resource,
          what: `${counted(count, "value is", "values are")} another program's form, and ${own} are keelson's own: a kube-apiserver reads none of those`,
          advice:
            "give the store one codec: kubernetesCodec() where a kube-apiserver shares this etcd; then rewrite",
        },
      ];
    });
  }

  async #definition(
    name: string,
    object: Parameters<typeof import("keelson/kubernetes").customResourceOf>[0],
  ): Promise<void> {
    const { customResourceOf } = await import("keelson/kubernetes");
    const { versions, storedVersions } = customResourceOf(object);
    const gone = storedVersions.filter((stored) => !versions.some((version) => version.name === stored));
    if (gone.length > 0) this.#gone.push({ name, versions: gone });
  }

  #keysOf(resource: string): Map<string, number> {
    const keys = this.#sealed.get(resource) ?? new Map<string, number>();
    this.#sealed.set(resource, keys);
    return keys;
  }

  #count(resource: string, key: string, value: Uint8Array): void {
    const counted = this.#counts.get(resource) ?? {
      resource,
      objects: 0,
      bytes: 0,
      largestBytes: -1,
      largest: "",
    };
    this.#counts.set(resource, counted);
    counted.objects++;
    counted.bytes += value.length;
    if (value.length > counted.largestBytes) {
      counted.largestBytes = value.length;
      counted.largest = key;
    }
  }
}

function add<K>(counts: Map<K, number>, of: K): void {
  counts.set(of, (counts.get(of) ?? 0) + 1);
}
