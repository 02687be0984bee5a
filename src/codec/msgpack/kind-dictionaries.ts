/**
 * The dictionaries of one kind: the one that writes use now, and every one that has been read.
 *
 *   asking --none there--> sampling --64 samples--> publishing --read back--> writing
 *      `------one there-------------------------------------------------------^
 *
 * At its first write a process adopts the newest published dictionary of the kind, or learns one. No value is written
 * with a dictionary that has not been read back from etcd. All of this happens in the background; until then writes
 * use plain maps. When etcd fails, the next 64 writes try again.
 */
import { DecodeFault } from "../form/decode-fault.ts";
import { Dictionary } from "./dictionary.ts";
import { DictionaryLearner } from "./learn-dictionary.ts";

/** Where dictionaries are kept: immutable entries under the bookkeeping root, carried by every backup, never deleted. */
export interface DictionaryStore {
  /** The stored bytes of a dictionary; undefined when none has that name. Linearizable. */
  fetch(resource: string, name: string): Promise<Uint8Array | undefined>;
  /** The newest dictionary of the resource; undefined when there is none yet. */
  newest(resource: string): Promise<
    | {
        /** The dictionary's name: its id in hexadecimal. */
        readonly name: string;
        /** Its stored form. */
        readonly bytes: Uint8Array;
      }
    | undefined
  >;
  /** Creates the entry unless it exists; resolves once it is certain to exist. An entry is never overwritten. */
  publish(resource: string, name: string, bytes: Uint8Array): Promise<void>;
}

/** Bodies sampled before a dictionary is learned: enough to see what is common, early enough for small stores. */
export const samplesWanted = 64;

type State = "asking" | "sampling" | "publishing" | "writing" | "off";

export class KindDictionaries {
  readonly #resource: string;
  readonly #store: DictionaryStore | undefined;
  readonly #known = new Map<string, Dictionary>();
  readonly #fetching = new Map<string, Promise<Dictionary>>();
  #state: State;
  #current: Dictionary | undefined;
  #learner = new DictionaryLearner();
  #writesUntilRetry = 0;
  #faults = 0;
  #work: Promise<void> | undefined;

  /** @param learn false: only read values that have a dictionary; learn, adopt and publish none */
  constructor(resource: string, store: DictionaryStore | undefined, learn: "learn" | "off") {
    this.#resource = resource;
    this.#store = store;
    this.#state = learn === "off" || store === undefined ? "off" : "asking";
  }

  /** The dictionary for the next value; undefined: plain maps. */
  get current(): Dictionary | undefined {
    return this.#current;
  }

  /** Failed attempts to adopt or publish. */
  get faults(): number {
    return this.#faults;
  }

  get state(): State {
    return this.#state;
  }

  /** A dictionary that has been read before. */
  known(name: string): Dictionary | undefined {
    return this.#known.get(name);
  }

  /** @throws DecodeFault when it does not exist or is damaged; errors of the store (UNAVAILABLE …) */
  fetch(name: string): Promise<Dictionary> {
    let fetching = this.#fetching.get(name);
    if (fetching === undefined) {
      fetching = this.#fetch(name).finally(() => this.#fetching.delete(name));
      this.#fetching.set(name, fetching);
    }
    return fetching;
  }

  /** Called for every body that is written with plain maps. */
  wrote(body: unknown): void {
    if (this.#state === "off" || this.#state === "writing") return;
    if (this.#learner.samples < samplesWanted) this.#learner.add(body);
    if (this.#work !== undefined || this.#store === undefined) return;
    if (this.#writesUntilRetry > 0) {
      this.#writesUntilRetry--;
      return;
    }
    if (this.#state === "asking") this.#work = this.#run(() => this.#adopt());
    else if (this.#learner.samples >= samplesWanted) this.#work = this.#run(() => this.#publish());
  }

  /** Resolves once the background work of writes has ended. Never rejects. */
  async settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  /**
   * etcd's history was replaced (a restore): published dictionaries may be gone. Writes use plain maps until a
   * dictionary has been read back. Reads continue, because content cannot change under its hash.
   */
  forgetPublished(): void {
    if (this.#state === "off") return;
    this.#state = "asking";
    this.#current = undefined;
    this.#learner = new DictionaryLearner();
    this.#writesUntilRetry = 0;
  }

  async #run(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch {
      // Dictionaries save space; their absence fails no write. The failure is counted, and the work is retried later.
      this.#faults++;
      if (this.#state === "publishing") this.#state = "sampling";
      this.#writesUntilRetry = samplesWanted;
    } finally {
      this.#work = undefined;
    }
  }

  async #adopt(): Promise<void> {
    const newest = await this.#newest();
    if (this.#state !== "asking") return;
    if (newest === undefined) this.#state = "sampling";
    else this.#write(newest);
  }

  async #newest(): Promise<Dictionary | undefined> {
    const newest = await this.#store?.newest(this.#resource);
    if (newest === undefined) return undefined;
    const dictionary = Dictionary.parse(newest.name, newest.bytes);
    this.#known.set(dictionary.name, dictionary);
    return dictionary;
  }

  async #publish(): Promise<void> {
    const learned = this.#learner.finish();
    if (learned === undefined) {
      this.#learner = new DictionaryLearner();
      return;
    }
    this.#state = "publishing";
    // Another process may have published first: one dictionary for all is better than two.
    const newest = await this.#newest();
    if (newest !== undefined) {
      if (this.#state === "publishing") this.#write(newest);
      return;
    }
    await this.#store?.publish(this.#resource, learned.name, learned.bytes);
    const readBack = await this.#fetch(learned.name);
    // A restore in the meantime has reset the state to "asking".
    if (this.#state === "publishing") this.#write(readBack);
  }

  #write(dictionary: Dictionary): void {
    this.#current = dictionary;
    this.#state = "writing";
    this.#learner = new DictionaryLearner();
  }

  async #fetch(name: string): Promise<Dictionary> {
    const bytes = await this.#store?.fetch(this.#resource, name);
    if (bytes === undefined) throw new DecodeFault(`its dictionary "${name}" is nowhere to be found`);
    const dictionary = Dictionary.parse(name, bytes);
    this.#known.set(name, dictionary);
    return dictionary;
  }
}
