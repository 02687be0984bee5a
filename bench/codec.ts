/**
 * What a value costs: stored size, and CPU microseconds to encode, open and decode it and to read only its metadata,
 * for each format. The baseline, "JSON, bare", is JSON.stringify and JSON.parse without envelope, checksum or any
 * check.
 *
 * Each figure is a median, and the lowest of three consecutive ones, because the load of the machine varies.
 */
import {
  aesGcm,
  type Codec,
  createValueCodec,
  type DictionaryStore,
  jsonCodec,
  type KindValueCodec,
  msgpackCodec,
  type PlainValue,
  type ValueCodecOptions,
} from "keelson/codec";
import { kubernetesCodec } from "keelson/kubernetes";
import { Bench } from "tinybench";
import { type BenchObject, benchObjects } from "./measure/objects.ts";

export interface CodecRow {
  readonly object: string;
  readonly codec: string;
  readonly sizeBytes: number;
  readonly encodeUs: number;
  readonly openUs: number;
  /** The whole object from an opened value. */
  readonly decodeUs: number;
  /** The metadata segment alone from an opened value. */
  readonly headUs: number | undefined;
  /** The part of the head that selectors and indexes need. */
  readonly selectedUs?: number | undefined;
  /** Bare JSON of the same object, measured alternately with this row. */
  readonly jsonEncodeUs?: number | undefined;
  readonly jsonDecodeUs?: number | undefined;
}

export interface CodecBenchOptions {
  /** Milliseconds measured per figure; default 250. */
  readonly timeMs?: number | undefined;
}

type Kind = ValueCodecOptions["kind"];

function kindOf(resource: string, sample: BenchObject): Kind {
  const fields = ["spec.nodeName", "status.phase"];
  return {
    group: "",
    version: "v1",
    kind: sample.kind,
    plural: resource,
    scope: "Namespaced",
    status: true,
    fields,
    singular: "pod",
    shortNames: [],
    categories: [],
    scale: undefined,
    apiVersion: "v1",
    resource,
    keyPath: resource,
    nameRule: "subdomain",
    indexes: [],
    headerVersion: 1,
    ttlSeconds: undefined,
    measures: false,
    reads: fields,
    headOf(object) {
      const { spec, status } = object as unknown as Record<string, Record<string, unknown> | undefined>;
      const values: Record<string, string> = {};
      if (typeof spec?.["nodeName"] === "string") values["spec.nodeName"] = spec["nodeName"];
      if (typeof status?.["phase"] === "string") values["status.phase"] = status["phase"];
      const { apiVersion, kind, metadata } = object;
      return {
        apiVersion,
        kind,
        metadata,
        fields: values,
        amounts: { "requests.cpu": "0.25" },
        headerVersion: 1,
      };
    },
    upgrade: (stored) => stored,
    validate: () => [],
  };
}

/** Dictionaries in memory: the codec's own cost, without etcd's. */
function memoryDictionaries(): DictionaryStore {
  const entries = new Map<string, Uint8Array>();
  return {
    fetch: async (_, name) => entries.get(name),
    newest: async () => undefined,
    publish: async (_, name, bytes) => {
      entries.set(name, bytes);
    },
  };
}

const writings: readonly { readonly name: string; readonly codec: Codec }[] = [
  { name: "JSON", codec: jsonCodec() },
  { name: "raw JSON", codec: jsonCodec({ raw: true }) },
  { name: "msgpack maps", codec: msgpackCodec({ dictionaries: "off" }) },
  { name: "msgpack dictionary", codec: msgpackCodec() },
  { name: "Kubernetes protobuf", codec: kubernetesCodec() },
];
const samples = 80;
const rounds = 3;
/** Minimum number of batches per figure, however short the time. */
const iterationsMin = 4;
const writeId = new Uint8Array(16);

/** Measures every object with every codec. */
export const small: CodecBenchOptions = { timeMs: 2 };

export async function run(options: CodecBenchOptions = {}): Promise<readonly CodecRow[]> {
  const timeMs = options.timeMs ?? 250;
  const rows: CodecRow[] = [];
  for (const [name, { resource, make }] of Object.entries(benchObjects)) {
    const object = make(1000);
    const kind = kindOf(resource, object);
    rows.push(await bareJson(name, object, timeMs));
    for (const { name: writing, codec } of writings) {
      const dictionaries = memoryDictionaries();
      const plain = createValueCodec({ kind, codec, dictionaries });
      await train(plain, kind, make);
      rows.push(await measure(name, writing, plain, kind, object, timeMs));
      if (codec.format === "raw-json" || codec.format === "foreign") continue;
      const transform = aesGcm({ keys: [{ id: "bench", key: new Uint8Array(32).fill(7) }] });
      const sealed = createValueCodec({ kind, codec, transform, dictionaries });
      rows.push(await measure(name, `${writing}, sealed`, sealed, kind, object, timeMs));
    }
  }
  return rows;
}

async function train(codec: KindValueCodec, kind: Kind, make: (i: number) => BenchObject): Promise<void> {
  for (let i = 0; i < samples; i++) {
    await codec.seal(parts(kind, make(i)));
    await codec.settled();
  }
}

type SealParts = Parameters<KindValueCodec["seal"]>[0];

function parts(kind: Kind, object: BenchObject): SealParts {
  const resource = object as unknown as SealParts["object"];
  return { key: `/registry/${kind.resource}/team/x`, object: resource, head: kind.headOf(resource), writeId };
}

async function measure(
  object: string,
  name: string,
  codec: KindValueCodec,
  kind: Kind,
  sample: BenchObject,
  timeMs: number,
): Promise<CodecRow> {
  const input = parts(kind, sample);
  const stored = await codec.seal(input);
  const value: PlainValue = await codec.open(input.key, stored);
  const json = Buffer.from(JSON.stringify(sample));
  const [
    encodeUs = 0,
    openUs = 0,
    decodeUs = 0,
    headUs = 0,
    selectedUs = 0,
    jsonEncodeUs = 0,
    jsonDecodeUs = 0,
  ] = await medians(timeMs, [
    () => codec.seal(input),
    () => codec.open(input.key, stored),
    () => codec.object(value),
    () => codec.head(value),
    () => codec.head(value, "selected"),
    () => Buffer.from(JSON.stringify(sample)),
    () => JSON.parse(json.toString()) as unknown,
  ]);
  const sizeBytes = stored.byteLength;
  return {
    object,
    codec: name,
    sizeBytes,
    encodeUs,
    openUs,
    decodeUs,
    headUs,
    selectedUs,
    jsonEncodeUs,
    jsonDecodeUs,
  };
}

async function bareJson(object: string, sample: BenchObject, timeMs: number): Promise<CodecRow> {
  const stored = Buffer.from(JSON.stringify(sample));
  const [encodeUs = 0, decodeUs = 0] = await medians(timeMs, [
    () => Buffer.from(JSON.stringify(sample)),
    () => JSON.parse(stored.toString()) as unknown,
  ]);
  return {
    object,
    codec: "JSON, bare",
    sizeBytes: stored.byteLength,
    encodeUs,
    openUs: 0,
    decodeUs,
    headUs: undefined,
  };
}

/** Median microseconds of each action. A sample is a batch, so that the cost of reading the clock does not count. */
async function medians(timeMs: number, actions: readonly (() => unknown)[]): Promise<readonly number[]> {
  const batch = 64;
  const least = actions.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    const bench = new Bench({
      time: timeMs / rounds,
      warmupTime: Math.min(timeMs, 100),
      iterations: iterationsMin,
      warmupIterations: iterationsMin,
    });
    for (const [i, action] of actions.entries()) {
      bench.add(String(i), () => {
        for (let n = 0; n < batch; n++) action();
      });
    }
    for (const [i, { result }] of (await bench.run()).entries()) {
      if (!("latency" in result)) throw new Error(`a bench did not finish: ${result.state}`);
      least[i] = Math.min(least[i] ?? 0, (result.latency.p50 * 1000) / batch);
    }
  }
  return least;
}

/** The goals of the codec, checked against the rows of one run. */
export function goals(
  rows: readonly CodecRow[],
): readonly { readonly goal: string; readonly value: string; readonly met: boolean }[] {
  const row = (codec: string, object = "Pod"): CodecRow | undefined =>
    rows.find((candidate) => candidate.object === object && candidate.codec === codec);
  const json = row("JSON, bare");
  const shared = row("msgpack dictionary");
  if (json === undefined || shared?.headUs === undefined) return [];
  const faster = json.decodeUs / shared.decodeUs;
  const size = shared.sizeBytes / json.sizeBytes;
  const head = shared.decodeUs / shared.headUs;
  const headOverJson = json.decodeUs / shared.headUs;
  const protobuf = row("Kubernetes protobuf");
  return [
    ...(protobuf === undefined ? [] : protobufGoals(protobuf)),
    {
      goal: "dictionary Pod decodes 3 times as fast as bare JSON",
      value: `${faster.toFixed(2)}x`,
      met: faster >= 3,
    },
    {
      goal: "dictionary Pod takes 45 % of JSON's bytes",
      value: `${(size * 100).toFixed(1)} %`,
      met: size <= 0.45,
    },
    {
      goal: "metadata alone reads 5 times as fast as the whole",
      value: `${head.toFixed(2)}x`,
      met: head >= 5,
    },
    {
      goal: "metadata alone reads 5 times as fast as bare JSON",
      value: `${headOverJson.toFixed(2)}x`,
      met: headOverJson >= 5,
    },
  ];
}

function protobufGoals({
  encodeUs,
  decodeUs,
  selectedUs = 0,
  jsonEncodeUs = 0,
  jsonDecodeUs = 0,
}: CodecRow): ReturnType<typeof goals> {
  const decode = decodeUs / jsonDecodeUs;
  const encode = encodeUs / jsonEncodeUs;
  const head = selectedUs / decodeUs;
  return [
    {
      goal: "a Pod in Kubernetes' protobuf decodes at least as fast as bare JSON",
      value: `${decode.toFixed(2)} of its time`,
      met: decode <= 1,
    },
    {
      goal: "a Pod in Kubernetes' protobuf encodes in 1.5 times bare JSON's time",
      value: `${encode.toFixed(2)} of its time`,
      met: encode <= 1.5,
    },
    {
      goal: "what selectors look at reads in a fifth of the time of the whole",
      value: `${head.toFixed(2)} of its time`,
      met: head <= 0.2,
    },
  ];
}
