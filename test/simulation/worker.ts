/**
 * One worker of a simulated process: it makes calls in sequence, as a server does, and records each with its result. It
 * keeps the states it has seen and acts on them even when they are old: it uses their versions as preconditions and
 * minimum versions, and continue tokens long after they were issued.
 */
import type { ListPage, ReadFreshness, ResourceReader, ResourceStore, WatchCache } from "keelson";
import type { Random } from "../../src/base/random.ts";
import type { Call, CallFacts, Freshness, Recorder } from "./checks/recorder.ts";
import { itemPrefix, tokenIn, tokenText } from "./checks/truth.ts";
import { type Item, itemNames, itemOf, keyOf, namespaces } from "./item.ts";
import type { Plan } from "./plan.ts";
import type { ProcessClock } from "./virtual-time.ts";

/** What a worker uses of its process. */
export interface Workplace {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly items: ResourceStore<Item>;
  readonly cache: WatchCache<Item> | undefined;
  /** The era it is known to have noticed. */
  readonly noticed: number;
  /** Aborted when it closes. */
  readonly stopping: AbortSignal;
  /** Numbers the values it writes. */
  nextToken(): number;
  /** etcd answered the call, in its era or a later one. */
  asked(call: Call): void;
}

interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** A list abandoned after its first page. */
interface Rest {
  readonly continueToken: string;
  readonly scope: { readonly namespace?: string; readonly labelSelector?: string };
  readonly limit: number | undefined;
  /** The call that returned the first page, whose last key is `after`. */
  readonly call: Call;
  readonly after: string;
}

const apps = ["web", "db"] as const;
const nodes = ["", "n1", "n2"] as const;

export class Worker {
  readonly #process: Workplace;
  readonly #worker: number;
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #recorder: Recorder;
  readonly #clock: ProcessClock;
  /** The last state seen of each object. */
  readonly #known = new Map<string, Item>();
  #rest: Rest | undefined;

  constructor(
    process: Workplace,
    worker: number,
    parts: { readonly plan: Plan; readonly random: Random; readonly recorder: Recorder },
  ) {
    this.#process = process;
    this.#worker = worker;
    this.#plan = parts.plan;
    this.#random = parts.random;
    this.#recorder = parts.recorder;
    this.#clock = process.clock;
  }

  /** Makes all its calls in sequence. */
  async run(): Promise<void> {
    const { calls, thinkMs } = this.#plan;
    for (let n = 0; n < calls; n++) {
      await this.#clock.sleep(this.#random.float() * thinkMs);
      await this.#oneCall();
    }
  }

  async #oneCall(): Promise<void> {
    const namespace = this.#pick(namespaces[0], namespaces[0], namespaces[1], namespaces[2]);
    const name = this.#pick(...itemNames);
    const at = { namespace, name };
    const key = `${itemPrefix}${namespace}/${name}`;
    const draw = this.#random.float();
    if (draw < 0.18) return this.#create(at, key);
    if (draw < 0.34) return this.#update(key);
    if (draw < 0.52) return this.#guaranteedUpdate(at, key);
    if (draw < 0.64) return this.#delete(at, key);
    if (draw < 0.67) return this.#createMany(namespace);
    if (draw < 0.69) return this.#deleteCollection(namespace);
    if (draw < 0.84) return this.#get(at, key);
    return this.#list(namespace);
  }

  async #create(at: Place, key: string): Promise<void> {
    const ttlSeconds = this.#random.float() < 0.15 ? 2 + this.#random.below(4) : undefined;
    const call = this.#begin({ kind: "create", via: "store", key, guard: 0n, ttlSeconds });
    const token = this.#token(call);
    await this.#recorded(call, async (end) => {
      const made = await this.#use.create(itemOf(at.namespace, at.name, token), { ttlSeconds, ...end });
      this.#known.set(key, made);
      return made;
    });
  }

  async #update(key: string): Promise<void> {
    const last = this.#known.get(key);
    if (last === undefined) return;
    const blind = this.#random.float() < 0.2;
    const guard = blind ? undefined : BigInt(last.metadata.resourceVersion);
    const guardToken = tokenIn(last.spec.token).text;
    const call = this.#begin({ kind: "update", via: "store", key, guard, guardToken });
    const token = this.#token(call);
    const { namespace = "", name, resourceVersion } = last.metadata;
    const next = itemOf(namespace, name, token);
    await this.#recorded(call, async (end) => {
      const metadata = { ...last.metadata, labels: next.metadata.labels, resourceVersion };
      if (blind) {
        // No precondition: the last write wins.
        const { resourceVersion: _, uid: __, ...rest } = metadata;
        const draft = { ...last, spec: next.spec, metadata: rest };
        const written = await this.#use.update(draft as unknown as Item, end);
        this.#known.set(key, written);
        return written;
      }
      const written = await this.#use.update({ ...last, spec: next.spec, metadata }, end);
      this.#known.set(key, written);
      return written;
    });
  }

  async #guaranteedUpdate(at: Place, key: string): Promise<void> {
    const creates = this.#random.float() < 0.5;
    const call = this.#begin({ kind: "guaranteedUpdate", via: "store", key, guard: undefined });
    await this.#recorded(call, async (end) => {
      const written = await this.#use.guaranteedUpdate(
        at,
        (current) => {
          call.guard = BigInt(current.metadata.resourceVersion);
          const next = itemOf(at.namespace, at.name, this.#token(call));
          return {
            ...current,
            spec: next.spec,
            metadata: { ...current.metadata, labels: next.metadata.labels },
          };
        },
        creates
          ? {
              ...end,
              createIfMissing: () => {
                call.guard = 0n;
                return itemOf(at.namespace, at.name, this.#token(call));
              },
            }
          : end,
      );
      this.#known.set(key, written);
      return written;
    });
  }

  async #delete(at: Place, key: string): Promise<void> {
    const last = this.#known.get(key);
    const resourceVersion =
      last !== undefined && this.#random.float() < 0.4 ? last.metadata.resourceVersion : undefined;
    const guard = resourceVersion === undefined ? undefined : BigInt(resourceVersion);
    const call = this.#begin({ kind: "delete", via: "store", key, guard });
    await this.#recorded(call, async (end) => {
      const gone = await this.#use.delete(at, {
        ...end,
        ...(resourceVersion === undefined ? {} : { preconditions: { resourceVersion } }),
      });
      this.#known.delete(key);
      return gone;
    });
  }

  async #createMany(namespace: string): Promise<void> {
    const calls = itemNames.map((name) =>
      this.#begin({
        kind: "create",
        via: "store",
        key: `${itemPrefix}${namespace}/${name}`,
        guard: 0n,
      }),
    );
    const drafts = calls.map((call, i) => itemOf(namespace, itemNames[i] ?? "", this.#token(call)));
    try {
      const results = await this.#use.createMany(drafts);
      results.forEach((result, i) => {
        const call = calls[i];
        if (call === undefined) return;
        if (result instanceof Error) this.#recorder.fail(call, result, undefined);
        else this.#end(call, okOf(result));
      });
    } catch (error) {
      for (const call of calls) this.#recorder.fail(call, error, undefined);
    }
  }

  async #deleteCollection(namespace: string): Promise<void> {
    const call = this.#begin({
      kind: "deleteCollection",
      via: "store",
      key: `${itemPrefix}${namespace}/`,
      guard: undefined,
    });
    await this.#recorded(call, async (end) => {
      await this.#use.deleteCollection({ namespace, labelSelector: "app=db", ...end });
      return undefined;
    });
  }

  async #get(at: Place, key: string): Promise<void> {
    const read = this.#freshness();
    const call = this.#begin({ kind: "get", key, guard: undefined, ...this.#reading(read) });
    await this.#recorded(call, async (end) => {
      const item = await this.#reader().get(at, { read: readOf(read), ...end });
      this.#known.set(key, item);
      return item;
    });
  }

  async #list(namespace: string): Promise<void> {
    if (this.#rest !== undefined && this.#random.float() < 0.3) return this.#goOn(this.#rest);
    const read = this.#freshness();
    const all = this.#random.float() < 0.3;
    const web = this.#random.float() < 0.3;
    const limit = this.#random.float() < 0.4 ? 1 + this.#random.below(2) : undefined;
    const leaves = limit !== undefined && this.#random.float() < 0.4;
    const call = this.#begin({
      kind: "list",
      key: all ? itemPrefix : `${itemPrefix}${namespace}/`,
      guard: undefined,
      wants: web ? (token) => tokenIn(token).app === "web" : () => true,
      ...this.#reading(read),
    });
    const scope = { ...(all ? {} : { namespace }), ...(web ? { labelSelector: "app=web" } : {}) };
    await this.#listed(call, { ...scope, limit }, async (reader) => {
      const page = await reader.list({ ...scope, limit, read: readOf(read) });
      const last = page.items.at(-1);
      const { continueToken } = page;
      if (!leaves || last === undefined || continueToken === undefined) return page;
      const after = keyOf(last);
      call.part = { upTo: after };
      this.#rest = { continueToken, scope, limit, call, after };
      return { ...page, continueToken: undefined };
    });
  }

  /** Continues an abandoned list, of any age. */
  async #goOn({ continueToken, scope, limit, call: first, after }: Rest): Promise<void> {
    this.#rest = undefined;
    if (first.outcome.type !== "ok") return;
    const { revision } = first.outcome;
    const call = this.#begin({
      kind: "list",
      key: first.key,
      guard: undefined,
      wants: first.wants,
      ...this.#reading({ freshness: "exact", revision }),
    });
    call.part = { after, first };
    await this.#listed(call, { ...scope, limit }, (reader) =>
      reader.list({ ...scope, limit, continueToken }),
    );
  }

  /** All pages from the first on. */
  async #listed(
    call: Call,
    scope: Rest["scope"] & { readonly limit: number | undefined },
    first: (reader: ResourceReader<Item>) => Promise<ListPage<Item>>,
  ): Promise<void> {
    try {
      const reader = this.#reader();
      let page = await first(reader);
      const items = [...page.items];
      const { resourceVersion } = page;
      while (page.continueToken !== undefined) {
        page = await reader.list({ ...scope, continueToken: page.continueToken });
        if (page.resourceVersion !== resourceVersion) throw new Error("a page is of another version");
        items.push(...page.items);
      }
      for (const item of items) this.#known.set(keyOf(item), item);
      const shown = items.map((item) => ({ key: keyOf(item), ...seen(item) }));
      this.#end(call, { type: "ok", revision: BigInt(resourceVersion), items: shown });
    } catch (error) {
      this.#recorder.fail(call, error, this.#process.stopping);
    }
  }

  #begin(facts: Omit<CallFacts, "process" | "client" | "noticed">): Call {
    const { name, noticed } = this.#process;
    return this.#recorder.begin({ process: name, client: `${name}-${this.#worker}`, noticed, ...facts });
  }

  /** Some calls have their own timeout, some are aborted. */
  async #recorded(
    call: Call,
    run: (end: { signal?: AbortSignal; timeoutMs?: number }) => Promise<Item | undefined>,
  ): Promise<void> {
    const draw = this.#random.float();
    const abort = new AbortController();
    const end = draw < 0.1 ? { timeoutMs: 20 + this.#random.float() * 2_000 } : { signal: abort.signal };
    const timer =
      draw > 0.93
        ? this.#clock.setTimer(this.#random.float() * 100, () => abort.abort(new Error("enough")))
        : undefined;
    try {
      this.#end(call, okOf(await run(end)));
    } catch (error) {
      this.#recorder.fail(call, error, abort.signal);
    } finally {
      timer?.cancel();
    }
  }

  #freshness(): { freshness: Freshness; revision: bigint } {
    const draw = this.#random.float();
    const versions = [...this.#known.values()].map(({ metadata }) => BigInt(metadata.resourceVersion));
    const revision = versions[this.#random.below(Math.max(1, versions.length))] ?? 0n;
    if (draw < 0.6 || (draw >= 0.75 && revision === 0n)) return { freshness: "linearizable", revision: 0n };
    if (draw < 0.75) return { freshness: "any", revision: 0n };
    return { freshness: draw < 0.9 ? "notOlderThan" : "exact", revision };
  }

  #reading(read: { freshness: Freshness; revision: bigint }): Pick<Call, "read" | "via"> {
    return { read, via: this.#process.cache === undefined ? "store" : "cache" };
  }

  /** With a cache, reads alternate between the cache itself and the store that reads from it. */
  #reader(): ResourceReader<Item> {
    const { cache } = this.#process;
    return cache !== undefined && this.#random.float() < 0.35 ? cache : this.#use;
  }

  get #use(): ResourceStore<Item> {
    return this.#process.items;
  }

  /** A response that required a request to etcd: since then the process is in the call's era. */
  #end(call: Call, outcome: Call["outcome"]): void {
    this.#recorder.end(call, outcome);
    if (outcome.type !== "ok") return;
    if (call.read === undefined || call.read.freshness === "linearizable") this.#process.asked(call);
  }

  #token(call: Call): string {
    const token = tokenText(
      this.#process.name,
      this.#worker,
      this.#process.nextToken(),
      this.#pick(...apps),
      this.#pick(...nodes),
    );
    call.tokens.push(token);
    return token;
  }

  #pick<T>(...choices: readonly [T, ...T[]]): T {
    return choices[this.#random.below(choices.length)] ?? choices[0];
  }
}

function okOf(item: Item | undefined): Call["outcome"] {
  return item === undefined ? { type: "ok", revision: 0n } : { type: "ok", ...seen(item) };
}

function seen(item: Item): { revision: bigint; token: string } {
  return { revision: BigInt(item.metadata.resourceVersion), token: item.spec.token };
}

function readOf({ freshness, revision }: { freshness: Freshness; revision: bigint }): ReadFreshness {
  if (freshness === "linearizable" || freshness === "any") return { consistency: freshness };
  return { consistency: freshness, resourceVersion: revision.toString() };
}
