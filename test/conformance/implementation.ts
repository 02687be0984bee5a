/**
 * What the conformance suites run on: the store, a cache over it, and the cached store all keep the same promises,
 * so the same text runs over each. An implementation says how it is opened and which cases it cannot serve, and why.
 */
import type {
  Kind,
  Resource,
  ResourceReader,
  ResourceStore,
  Store,
  Watch,
  WatchEvent,
  WatchOptions,
} from "keelson";
import { createStore, defineKind } from "keelson";
import type { Etcd } from "keelson/etcd";
import { test } from "vitest";
import { namespacedKind } from "../support/kinds.ts";

export interface Widget extends Resource {
  spec: { size: number; colour?: string | undefined };
  status?: { phase?: string | undefined } | undefined;
}

/** Namespaced, with a status subresource and a selectable field. */
export const widgetKind: Kind<Widget> = namespacedKind<Widget>("Widget", {
  group: "example.com",
  status: true,
  fields: { "spec.colour": (widget) => widget.spec.colour, "status.phase": (widget) => widget.status?.phase },
  indexes: ["label:app", "field:spec.colour"],
  validate: (widget) =>
    widget.spec.size < 0 ? [{ field: "spec.size", message: "is negative, expected 0 or more" }] : [],
});

export interface Machine extends Resource {
  spec: { zone: string };
}

/** Cluster-scoped, without a status subresource. */
export const machineKind: Kind<Machine> = defineKind<Machine>({
  version: "v1",
  kind: "Machine",
  plural: "machines",
  scope: "Cluster",
});

/** What is tested, open over one etcd. */
export interface Subject extends AsyncDisposable {
  readonly etcd: Etcd;
  readonly store: Store;
  /** The reader under test. */
  reader<T extends Resource>(kind: Kind<T>): ResourceReader<T>;
  /** The store under test, or the store beneath a reader. */
  writer<T extends Resource>(kind: Kind<T>): ResourceStore<T>;
  /**
   * Resolves when the reader has this version. A cache that stands a few seconds behind may say NOT_READY to a watch from
   * a version it is yet to see, and says so of a machine that stood still.
   */
  reached(kind: Kind, version: string): Promise<void>;
}

export interface Implementation {
  readonly name: string;
  open(etcd: Etcd, kinds: readonly Kind[]): Promise<Subject>;
  /** Titles of cases it cannot serve, each with the reason. */
  readonly skips?: Readonly<Record<string, string>>;
}

/** The store itself. */
export const storeImplementation: Implementation = {
  name: "store",
  async open(etcd, kinds) {
    const store = await createStore({ etcd, kinds, compaction: false });
    return {
      etcd,
      store,
      reader: (kind) => store.resources(kind),
      writer: (kind) => store.resources(kind),
      reached: async () => undefined,
      [Symbol.asyncDispose]: () => store.close(),
    };
  },
};

/** What a suite is given: the subject of the file's beforeAll. */
export interface Suite {
  readonly implementation: Implementation;
  readonly subject: () => Subject;
  /** A namespace of its own for one test, created. */
  freshNamespace(): Promise<string>;
}

/** A case of a suite; skipped where the implementation says that it cannot serve it. */
export function claim(suite: Suite, title: string, run: () => Promise<void>): void {
  const reason = suite.implementation.skips?.[title];
  if (reason === undefined) test(title, run);
  else test.skip(`${title} (skipped: ${reason})`, () => undefined);
}

export function widget(
  namespace: string,
  name: string,
  size = 1,
  more: { labels?: Record<string, string>; colour?: string; finalizers?: string[] } = {},
): Pick<Widget, "spec"> & {
  metadata: { namespace: string; name: string; labels?: Record<string, string>; finalizers?: string[] };
} {
  const { labels, colour, finalizers } = more;
  return {
    metadata: {
      namespace,
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(finalizers === undefined ? {} : { finalizers }),
    },
    spec: { size, ...(colour === undefined ? {} : { colour }) },
  };
}

/** Events of a watch until `enough` says so; the watch is left then. */
export async function eventsUntil<T>(
  watch: Watch<T>,
  enough: (events: readonly WatchEvent<T>[]) => boolean,
): Promise<readonly WatchEvent<T>[]> {
  const events: WatchEvent<T>[] = [];
  for await (const event of watch) {
    events.push(event);
    if (enough(events)) break;
  }
  return events;
}

/** A watch of widgets from a version that the reader has reached. */
export async function watchFrom(
  suite: Suite,
  options: WatchOptions & { readonly resourceVersion: string },
): Promise<Watch<Widget>> {
  const { reached, reader } = suite.subject();
  await reached(widgetKind, options.resourceVersion);
  return reader(widgetKind).watch(options);
}

/** "ADDED web", "MODIFIED web", "BOOKMARK": what tests compare. */
export function shortly<T extends Resource>(events: readonly WatchEvent<T>[]): readonly string[] {
  return events.map((event) =>
    event.type === "BOOKMARK" ? "BOOKMARK" : `${event.type} ${event.object.metadata.name}`,
  );
}
