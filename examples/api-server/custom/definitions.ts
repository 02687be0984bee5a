/**
 * Custom resources: every definition in the store is a kind of the server. The server that accepts a definition opens
 * its kind before it responds, so clients can use it at once; other servers over the same etcd learn of it from their
 * watch.
 */
import { type AnyResource, type CachedStores, isStoreError, type Kind, type Resource } from "keelson";
import { customResourceOf } from "keelson/kubernetes";
import { at, isJson, type Json, listAt } from "../defaults/rules.ts";
import type { CustomFacts } from "./custom-facts.ts";

interface Opened {
  readonly kind: Kind;
  readonly versions: readonly CustomFacts[];
  /** The definition's generation, and its uid: a recreated definition with the same name is a different kind. */
  readonly mark: string;
}

export class CustomDefinitions {
  readonly #store: CachedStores;
  readonly #definitions: Kind;
  readonly #opened = new Map<string, Opened>();
  #onChange: () => Promise<void> = () => Promise.resolve();
  /** Changes of kinds run one at a time: the watch and a request may deliver the same definition. */
  #turn: Promise<void> = Promise.resolve();

  constructor(store: CachedStores) {
    this.#store = store;
    const kind = store.kinds.find((one) => one.kind === "CustomResourceDefinition");
    if (kind === undefined) throw new Error("the store has no kind CustomResourceDefinition");
    this.#definitions = kind;
  }

  /** The versions of a custom kind; undefined for a built-in one. */
  versionsOf(kind: Kind): readonly CustomFacts[] | undefined {
    return this.#opened.get(nameOf(kind))?.versions;
  }

  /** Called after each kind that was opened or replaced. */
  onChange(listener: () => Promise<void>): void {
    this.#onChange = listener;
  }

  /** Opens the kinds of all definitions, except those it cannot, and then follows them until `signal` aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    const definitions = this.#store.resources(this.#definitions);
    const { items, resourceVersion } = await definitions.list({ signal });
    for (const definition of items) await this.open(definition).catch(report);
    void this.#watch(resourceVersion, signal);
  }

  /** The kind of a definition is served when this resolves. */
  open(definition: Resource): Promise<void> {
    return this.#next(async () => {
      const { kind, columns } = customResourceOf(definition as AnyResource);
      const { uid, generation } = definition.metadata;
      const mark = `${uid} ${generation}`;
      const name = nameOf(kind);
      if (this.#opened.get(name)?.mark === mark) return;
      const versions = listAt(definition, "spec.versions").map((version): CustomFacts => {
        const schema = at(version, "schema.openAPIV3Schema");
        return {
          version: String(version["name"]),
          served: version["served"] === true,
          schema:
            isJson(schema) && at(definition, "spec.preserveUnknownFields") !== true ? schema : undefined,
          columns: version["storage"] === true ? columns : columnsOf(version),
        };
      });
      this.#opened.set(name, { kind, versions, mark });
      await this.#store.addKind(kind);
      await this.#onChange();
    });
  }

  /** The kind of a definition is not served when this resolves. */
  close(definition: Resource): Promise<void> {
    return this.#next(async () => {
      const opened = this.#opened.get(definition.metadata.name);
      if (opened === undefined || !opened.mark.startsWith(`${definition.metadata.uid} `)) return;
      this.#opened.delete(definition.metadata.name);
      await this.#store.removeKind(opened.kind);
    });
  }

  /** Deletes every object of a definition's kind, so that the definition itself can be deleted. */
  async empty(definition: Resource): Promise<void> {
    const opened = this.#opened.get(definition.metadata.name);
    if (opened !== undefined) await this.#store.resources(opened.kind).deleteCollection();
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const definitions = this.#store.resources(this.#definitions);
    try {
      for await (const event of definitions.watch({ resourceVersion, signal })) {
        if (event.type === "DELETED") await this.close(event.object);
        else if (event.type !== "BOOKMARK") await this.open(event.object).catch(report);
      }
    } catch (error) {
      if (signal.aborted || isStoreError(error, "CLOSED")) return;
      report(error);
      await this.follow(signal);
    }
  }

  #next(change: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

const nameOf = ({ plural, group }: Kind): string => `${plural}.${group}`;
const report = (error: unknown): void => console.error(`a custom resource definition: ${String(error)}`);

const columnsOf = (version: Json): CustomFacts["columns"] =>
  listAt(version, "additionalPrinterColumns").map(({ name, type, jsonPath, priority }) => ({
    name: String(name),
    type: String(type),
    jsonPath: String(jsonPath),
    priority: Number(priority ?? 0),
  }));
