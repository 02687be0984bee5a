/**
 * A cache in a process of its own: consistent and stale reads, and samples of its whole contents, for comparison with
 * etcd's log at the same version.
 */

import { subscribe } from "node:diagnostics_channel";
import { setTimeout as delay } from "node:timers/promises";
import type { CachedStores, WatchCache } from "keelson";
import { digestOf } from "../checkers/digest.ts";
import type { Client } from "./client.ts";
import {
  type At,
  apps,
  coldName,
  coldPerNamespace,
  hotNames,
  namespaces,
  prefixOf,
  type Valued,
} from "./kinds.ts";
import type { Recorder } from "./recorder.ts";

const sampleEveryMs = 250;
const filter = { prefix: prefixOf("widgets") } as const;

function somewhere(client: Client): At {
  const name = client.chance(40) ? client.pick(hotNames) : coldName(client.random.below(coldPerNamespace));
  return { namespace: client.pick(namespaces), name };
}

/** Records where caches of this process skip versions. */
export function traceRelists({ sink, process, now }: Recorder): void {
  subscribe("keelson:cache:relist", (message) => {
    const { since: from, until: to } = message as { readonly since: bigint; readonly until: bigint };
    sink.write({ line: "relist", cache: process, from, to, atNs: now() });
  });
}

export class CacheReader {
  readonly #cache: WatchCache<Valued>;
  readonly #caches: CachedStores;
  readonly #recorder: Recorder;
  readonly #stop = new AbortController();
  #sampling: Promise<void> | undefined;

  constructor(options: {
    readonly cache: WatchCache<Valued>;
    readonly store: CachedStores;
    readonly recorder: Recorder;
  }) {
    this.#cache = options.cache;
    this.#caches = options.store;
    this.#recorder = options.recorder;
  }

  step(client: Client): () => Promise<boolean> {
    const { random } = client;
    const widgets = client.kind({ via: this.#recorder.process, plural: "widgets", reader: this.#cache });
    let version = "";
    return async () => {
      const timeoutMs = client.deadline();
      const at = somewhere(client);
      const turn = random.below(100);
      if (turn < 45) return (await widgets.get(at, { timeoutMs })).ok;
      if (turn < 85) {
        const result = await widgets.get(at, { timeoutMs, read: { consistency: "any" } });
        if (result.ok) version = result.value.metadata.resourceVersion;
        return result.ok;
      }
      if (turn < 92 && version !== "") {
        const read = { consistency: "notOlderThan", resourceVersion: version } as const;
        return (await widgets.get(at, { timeoutMs, read })).ok;
      }
      const { namespace } = at;
      if (turn < 96) {
        const app = client.pick(apps);
        const labels = { app };
        return (
          await widgets.list({ namespace, labelSelector: { matchLabels: labels }, timeoutMs }, { labels })
        ).ok;
      }
      return (await widgets.list({ namespace, timeoutMs })).ok;
    };
  }

  /** Reads of the cache's current contents. */
  anyStep(client: Client): () => Promise<boolean> {
    const widgets = client.kind({ via: this.#recorder.process, plural: "widgets", reader: this.#cache });
    return async () => {
      const read = { consistency: "any" } as const;
      return (await widgets.get(somewhere(client), { timeoutMs: client.deadline(), read })).ok;
    };
  }

  startSampling(): void {
    this.#sampling = this.#sample();
  }

  /** A last sample at `revision` or later; false if the cache does not reach it in time. */
  async finish(revision: bigint, withinMs: number): Promise<boolean> {
    this.#stop.abort();
    await this.#sampling;
    const end = performance.now() + withinMs;
    while (performance.now() < end) {
      const read = { consistency: "notOlderThan", resourceVersion: `${revision}` } as const;
      const page = await this.#cache.list({ read, timeoutMs: 2_000 }).catch(() => undefined);
      if (page !== undefined) {
        // The cache's own contents: etcd may have answered a "notOlderThan" list.
        if (await this.#take("final", revision)) return true;
      }
      await delay(50);
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#caches.close();
  }

  async #sample(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#take("running", 0n);
      await delay(sampleEveryMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  async #take(when: "running" | "final", atLeast: bigint): Promise<boolean> {
    // Not ready: there is nothing to compare.
    const page = await this.#cache
      .list({ read: { consistency: "any" }, timeoutMs: 1_000 })
      .catch(() => undefined);
    if (page === undefined || BigInt(page.resourceVersion) < atLeast) return false;
    const states = page.items.map((item) => this.#recorder.stateOf("widgets", item, "hashed"));
    this.#recorder.sink.write({
      line: "cache",
      cache: this.#recorder.process,
      revision: BigInt(page.resourceVersion),
      filter,
      count: states.length,
      digest: digestOf(states, "value"),
      contents: digestOf(states, "hash"),
      atNs: this.#recorder.now(),
      ...(when === "final" ? { final: true } : {}),
    });
    return true;
  }
}
