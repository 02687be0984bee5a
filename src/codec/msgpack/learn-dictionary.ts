/**
 * Learns a dictionary from samples: the record shapes and words that recur in a kind.
 *
 * A shape is included when at least two samples have it; a word when it looks like a constant of the type
 * ("IfNotPresent", "TCP") and a tenth of the samples have it. Records whose field names the users choose are never
 * learned. They are recognized by name (labels, data …), by their keys ("a.b/c", "my key") and by their variety in
 * one position: each object would add its own shape. So a dictionary, which is kept permanently and in the clear,
 * contains no user text beyond such constants.
 */
import { Dictionary } from "./dictionary.ts";
import { shapesMax, wordsMax } from "./shared-forms.ts";

/** Fields of Kubernetes' types that are maps with user-chosen keys; nothing below them is learned. */
const mapFields: ReadonlySet<string> = new Set([
  "labels",
  "annotations",
  "data",
  "binaryData",
  "stringData",
  "matchLabels",
  "nodeSelector",
  "selector",
  "limits",
  "requests",
  "capacity",
  "allocatable",
  "allocatedResources",
  "hard",
  "used",
  "default",
  "defaultRequest",
  "min",
  "max",
  "overhead",
  "parameters",
  "options",
  "volumeAttributes",
  "attributes",
  "extra",
  "fieldsV1",
  "config",
  "env",
  "properties",
  "patternProperties",
  "definitions",
  "remaining",
]);
const fieldName = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/;
const constantWord = /^[A-Z][A-Za-z]{2,39}$/;
/** Words of Kubernetes' defaults that are not CamelCase constants; learned like any other word. */
const defaultWords: ReadonlySet<string> = new Set([
  "/dev/termination-log",
  "default-scheduler",
  "node.kubernetes.io/not-ready",
  "node.kubernetes.io/unreachable",
  "/var/run/secrets/kubernetes.io/serviceaccount",
  "kube-root-ca.crt",
  "ca.crt",
  "v1",
  "metadata.namespace",
  "metadata.name",
  "kubernetes.io/os",
]);
/** A position with more shapes than this, and more than a third of the samples, is a map and not a type. */
const shapesPerPlaceMax = 24;
/** Bounds of the sampling state: distinct shapes and distinct words. */
const shapesSeenMax = 4096;
const wordsSeenMax = 4096;

interface Sighting {
  /** The number of samples that contain it, and of occurrences in all of them. */
  samples: number;
  times: number;
  lastSample: number;
}
interface ShapeSighting extends Sighting {
  readonly keys: readonly string[];
  readonly places: Set<string>;
}

/** Collects samples (bodies: objects without apiVersion, kind and metadata) and freezes what they share. */
export class DictionaryLearner {
  readonly #shapes = new Map<string, ShapeSighting>();
  readonly #words = new Map<string, Sighting>();
  readonly #shapesAt = new Map<string, number>();
  #samples = 0;

  /** Number of bodies sampled. */
  get samples(): number {
    return this.#samples;
  }

  /** Samples one body; keeps only names and constants of it. */
  add(body: unknown): void {
    this.#samples++;
    this.#look(body, "");
  }

  /** The dictionary of the samples; undefined when they share too little. */
  finish(): Dictionary | undefined {
    const variedMax = Math.max(shapesPerPlaceMax, this.#samples / 3);
    const wanted = Math.min(2, this.#samples);
    const shapes = [...this.#shapes.values()]
      .filter((seen) => seen.samples >= wanted)
      .filter((seen) => [...seen.places].some((place) => (this.#shapesAt.get(place) ?? 0) <= variedMax))
      .sort((a, b) => b.times * nameBytes(b.keys) - a.times * nameBytes(a.keys))
      .slice(0, shapesMax)
      .map((seen) => seen.keys);
    const often = Math.max(wanted, this.#samples / 10);
    const words = [...this.#words]
      .filter(([, seen]) => seen.samples >= often)
      .sort(([a, x], [b, y]) => y.times * b.length - x.times * a.length)
      .slice(0, wordsMax)
      .map(([word]) => word);
    return shapes.length === 0 ? undefined : Dictionary.from(shapes, words);
  }

  #look(value: unknown, place: string): void {
    if (typeof value === "string") {
      if (
        (constantWord.test(value) || defaultWords.has(value)) &&
        (this.#words.size < wordsSeenMax || this.#words.has(value))
      ) {
        this.#count(this.#words, value, () => ({ samples: 0, times: 0, lastSample: 0 }));
      }
      return;
    }
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) {
      for (const member of value) this.#look(member, `${place}[]`);
      return;
    }
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    const keys = entries.map(([key]) => key);
    if (!keys.every((key) => fieldName.test(key) && key !== "__proto__")) return;
    if (keys.length > 0) this.#seeShape(keys, place);
    for (const [key, field] of entries) {
      if (mapFields.has(key) && !Array.isArray(field)) continue;
      this.#look(field, `${place}.${key}`);
    }
  }

  #seeShape(keys: readonly string[], place: string): void {
    const name = keys.join("\n");
    if (!this.#shapes.has(name) && this.#shapes.size >= shapesSeenMax) return;
    const seen = this.#count(this.#shapes, name, () => ({
      keys,
      places: new Set<string>(),
      samples: 0,
      times: 0,
      lastSample: 0,
    }));
    if (seen.places.has(place)) return;
    seen.places.add(place);
    this.#shapesAt.set(place, (this.#shapesAt.get(place) ?? 0) + 1);
  }

  #count<S extends Sighting>(sightings: Map<string, S>, name: string, first: () => S): S {
    let seen = sightings.get(name);
    if (seen === undefined) {
      seen = first();
      sightings.set(name, seen);
    }
    seen.times++;
    if (seen.lastSample !== this.#samples) {
      seen.lastSample = this.#samples;
      seen.samples++;
    }
    return seen;
  }
}

/** Learns a dictionary from whole objects; undefined when they share nothing. */
export function learnDictionary(
  objects: Iterable<Readonly<Record<string, unknown>>>,
): Dictionary | undefined {
  const learner = new DictionaryLearner();
  for (const { apiVersion: _, kind: __, metadata: ___, ...body } of objects) learner.add(body);
  return learner.finish();
}

function nameBytes(keys: readonly string[]): number {
  return keys.reduce((sum, key) => sum + key.length + 1, 0);
}
