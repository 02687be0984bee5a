/**
 * An informer as client-go and its kin are, with nothing of ours between it and the wire: list (or a watch that begins with
 * what is there), watch from the last version seen, list again after a 410; JSON or Kubernetes' protobuf; one server or the
 * other, as connections come and go.
 */
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { decodeKubernetes, decodeKubernetesWatchEvents } from "keelson/kubernetes";

export interface WireInformerOptions {
  /** Addresses of the servers; each connection goes to the next one. */
  readonly servers: readonly string[];
  /** Path of the collection. */
  readonly path: string;
  readonly form: "json" | "protobuf";
  /** How it learns what is there. */
  readonly begins: "list" | "watch-list";
  readonly seed: number;
  /** What is held of an object. */
  readonly hold: (object: WireObject) => string;
}

export interface WireObject {
  readonly kind?: string;
  readonly code?: number;
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly continue?: string;
  };
}

interface WireEvent {
  readonly type: string;
  readonly object: WireObject;
}

const pageSize = 500;
const backOffMs = 20;
const endOfInitialEvents = "k8s.io/initial-events-end";

export class WireInformer {
  /** What `hold` gives, by name. */
  held = new Map<string, string>();
  readonly facts = { lists: 0, watches: 0, gone: 0, events: 0 };
  /** Events that came again or out of order, answers that no server gives. */
  readonly faults: string[] = [];
  readonly #options: WireInformerOptions;
  readonly #stopped = new AbortController();
  readonly #done: Promise<void>;
  #turn: number;
  #version: string | undefined;
  /** What a watch-list has told so far; taken over at its bookmark. */
  #initial: Map<string, string> | undefined;

  constructor(options: WireInformerOptions) {
    this.#options = options;
    this.#turn = options.seed;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        if (this.#version !== undefined) await this.#watch(`resourceVersion=${this.#version}`);
        else if (this.#options.begins === "list") await this.#list();
        else await this.#watchList();
      } catch {
        // The server was killed or refuses for now: the next one, from the version that is held.
      }
      if (!this.#stopped.signal.aborted) await new Promise((resolve) => setTimeout(resolve, backOffMs));
    }
  }

  async #list(): Promise<void> {
    this.facts.lists++;
    const found = new Map<string, string>();
    let continued = "";
    let version = "";
    do {
      const response = await this.#request(`limit=${pageSize}${continued}`, "");
      const body = Buffer.concat(await response.toArray());
      if (response.statusCode !== 200) return;
      const { metadata, items } = this.#read(body) as WireObject & { readonly items?: readonly WireObject[] };
      for (const item of items ?? []) found.set(item.metadata.name, this.#options.hold(item));
      version = metadata.resourceVersion;
      const token = metadata.continue ?? "";
      continued = token === "" ? "" : `&continue=${encodeURIComponent(token)}`;
    } while (continued !== "");
    this.held = found;
    this.#version = version;
  }

  async #watchList(): Promise<void> {
    this.facts.lists++;
    this.#initial = new Map();
    try {
      await this.#watch("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=");
    } finally {
      this.#initial = undefined;
    }
  }

  async #watch(from: string): Promise<void> {
    this.facts.watches++;
    const response = await this.#request(`watch=1&allowWatchBookmarks=true&${from}`, ";stream=watch");
    if (response.statusCode !== 200) {
      if (response.statusCode === 410) this.#expired();
      response.resume();
      return;
    }
    let rest: Buffer = Buffer.alloc(0);
    for await (const part of response as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? part : Buffer.concat([rest, part]);
      const { events, bytesRead } = this.#eventsOf(bytes);
      rest = bytes.subarray(bytesRead);
      for (const event of events) {
        this.#take(event);
        if (event.type === "ERROR") return void response.destroy();
      }
    }
  }

  #take({ type, object }: WireEvent): void {
    if (type === "ERROR") {
      if (object.code === 410) this.#expired();
      else if (object.code !== 503 && object.code !== 500) this.faults.push(JSON.stringify(object));
      return;
    }
    const { name, resourceVersion, annotations } = object.metadata;
    if (type === "BOOKMARK") {
      if (annotations?.[endOfInitialEvents] === "true" && this.#initial !== undefined) {
        this.held = this.#initial;
        this.#initial = undefined;
        this.#version = resourceVersion;
      } else if (this.#initial === undefined) this.#advance(type, "", resourceVersion, false);
      return;
    }
    this.facts.events++;
    if (this.#initial === undefined) this.#advance(type, name, resourceVersion, true);
    const held = this.#initial ?? this.held;
    if (type === "DELETED") held.delete(name);
    else held.set(name, this.#options.hold(object));
  }

  /** Events have versions above the last; bookmarks may repeat it. */
  #advance(type: string, name: string, version: string, mustGrow: boolean): void {
    const last = BigInt(this.#version ?? 0);
    const next = BigInt(version);
    if (next < last || (mustGrow && next === last))
      this.faults.push(`${type} ${name} at ${next} after ${last}`);
    this.#version = version;
  }

  #expired(): void {
    this.facts.gone++;
    this.#version = undefined;
  }

  async #request(query: string, stream: string): Promise<IncomingMessage> {
    const { servers, path, form } = this.#options;
    const server = servers[this.#turn++ % servers.length] ?? "";
    const accept = form === "json" ? "application/json" : `application/vnd.kubernetes.protobuf${stream}`;
    const signal = this.#stopped.signal;
    const sent = get(`${server}${path}?${query}`, { agent: false, headers: { accept }, signal });
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    return response;
  }

  #read(body: Buffer): unknown {
    return this.#options.form === "json" ? JSON.parse(body.toString("utf8")) : decodeKubernetes(body);
  }

  #eventsOf(bytes: Buffer): { readonly events: readonly WireEvent[]; readonly bytesRead: number } {
    if (this.#options.form === "protobuf") {
      const { events, bytesRead } = decodeKubernetesWatchEvents(bytes);
      return { events: events as readonly unknown[] as readonly WireEvent[], bytesRead };
    }
    const bytesRead = bytes.lastIndexOf("\n") + 1;
    const lines = bytes.toString("utf8", 0, bytesRead).split("\n");
    const events = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as WireEvent);
    return { events, bytesRead };
  }
}

/** Until all hold `wanted`, or long enough to say that they never will. */
export async function untilAllHold(
  informers: readonly WireInformer[],
  wanted: ReadonlyMap<string, string>,
  atMostMs: number,
): Promise<void> {
  const holdsAll = ({ held }: WireInformer): boolean =>
    held.size === wanted.size && [...wanted].every(([name, value]) => held.get(name) === value);
  const everyMs = 20;
  for (let leftMs = atMostMs; leftMs > 0 && !informers.every(holdsAll); leftMs -= everyMs) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
