/** What `check perf` and `check datascale` share: concurrent puts, their durations, and the work before and after. */
import type { Etcd, EtcdCall } from "keelson/etcd";
import { prefixEnd } from "keelson/etcd";
import { badFeature, badInput } from "../../cli/failure.ts";
import { causeOf } from "../../cli/failure-text.ts";
import type { FlagSpec } from "../../cli/flags.ts";
import type { Session } from "../../cli/session.ts";
import { bytesOfText } from "../../text/raw-bytes.ts";

export type Load = "s" | "m" | "l" | "xl";

const loads: Readonly<Record<string, Load>> = {
  ...{ s: "s", small: "s", m: "m", medium: "m" },
  ...{ l: "l", large: "l", xl: "xl", xLarge: "xl" },
};

/** Flags of both checks. */
export function checkFlags(name: "perf" | "datascale"): readonly FlagSpec[] {
  return [
    {
      name: "auto-compact",
      type: "switch",
      summary: "Compact storage with last revision after test is finished.",
    },
    { name: "auto-defrag", type: "switch", summary: "Defragment storage after test is finished." },
    {
      name: "load",
      type: "text",
      fallback: "s",
      summary: "the workload model: s(small), m(medium), l(large), xl(xLarge)",
    },
    {
      name: "prefix",
      type: "text",
      fallback: `/etcdctl-check-${name}/`,
      summary: "the prefix of the keys that are written; nothing may be there",
    },
  ];
}

/** @throws CliFailure with etcdctl's text, exit code 4 */
export function loadOf(session: Session): Load {
  const given = session.flags.text("load");
  const load = loads[given];
  if (load === undefined) throw badFeature(`unknown load option ${given}`);
  return load;
}

/** Timeout of one put: longer than any that etcdctl would pass, so that slow puts are measured. */
const putTimeoutMs = 60_000;
/** Timeout of each of deletion, compaction and defragmentation afterwards. */
const cleanupTimeoutMs = 30_000;

/** The keys of a check, and their cleanup. */
export class CheckedKeys {
  readonly #session: Session;
  readonly #etcd: Etcd;
  readonly #prefix: Uint8Array;
  readonly #key: Buffer;
  readonly #value: Buffer;

  constructor(
    session: Session,
    etcd: Etcd,
    sizes: { readonly keyBytes: number; readonly valueBytes: number },
  ) {
    this.#session = session;
    this.#etcd = etcd;
    this.#prefix = bytesOfText(session.flags.text("prefix"));
    this.#key = Buffer.alloc(sizes.keyBytes);
    this.#value = Buffer.alloc(sizes.valueBytes);
  }

  /** @throws CliFailure when the prefix already has keys, because they would be deleted */
  async mustBeNone(quoted: "'" | ""): Promise<void> {
    const { kvs } = await this.#etcd.kv.range({ ...this.#range(), limit: 1 }, this.#session.call);
    if (kvs.length === 0) return;
    const prefix = this.#session.flags.text("prefix");
    throw badInput(
      `prefix ${JSON.stringify(prefix)} has keys. Delete with ${quoted}etcdctl del --prefix ${prefix}${quoted} first`,
    );
  }

  /** Puts one key with a random name; resolves when it is stored. */
  async put(): Promise<void> {
    const key = Buffer.from(this.#key);
    key.set(this.#etcd.random.bytes(10));
    await this.#etcd.kv.put(
      { key: Buffer.concat([this.#prefix, key]), value: this.#value },
      { timeoutMs: putTimeoutMs, requestTimeoutMs: putTimeoutMs },
    );
  }

  /** Deletes all keys, and compacts if requested; also after Ctrl-C. */
  async cleanUp(): Promise<void> {
    const call: EtcdCall = { timeoutMs: cleanupTimeoutMs, requestTimeoutMs: cleanupTimeoutMs };
    const { header } = await this.#etcd.kv.deleteRange(this.#range(), call);
    if (!this.#session.flags.on("auto-compact")) return;
    this.#session.line(`Compacting with revision ${header.revision}`);
    await this.#etcd.kv.compact(header.revision, { ...call, physical: true });
    this.#session.line(`Compacted with revision ${header.revision}`);
  }

  /** Defragments every endpoint, if requested. */
  async defragment(): Promise<void> {
    if (!this.#session.flags.on("auto-defrag")) return;
    for (const endpoint of await this.#session.endpoints()) {
      this.#session.line(`Defragmenting ${JSON.stringify(endpoint)}`);
      const etcd = await this.#session.connect([endpoint]);
      await etcd.maintenance.defragment({
        endpoint: etcd.endpoints[0] ?? endpoint,
        signal: this.#session.io.signal,
      });
      this.#session.line(`Defragmented ${JSON.stringify(endpoint)}`);
    }
  }

  #range(): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array } {
    return { key: this.#prefix, rangeEnd: prefixEnd(this.#prefix) };
  }
}

/** Durations of puts, and failures. */
export class Measured {
  readonly #seconds: number[] = [];
  readonly #errors = new Map<string, number>();

  /** @throws never: failures are counted */
  async one(work: () => Promise<void>): Promise<void> {
    const startedMs = performance.now();
    try {
      await work();
      this.#seconds.push((performance.now() - startedMs) / 1_000);
    } catch (error) {
      const cause = causeOf(error);
      this.#errors.set(cause, (this.#errors.get(cause) ?? 0) + 1);
    }
  }

  get count(): number {
    return this.#seconds.length;
  }

  get slowestSeconds(): number {
    return this.#seconds.reduce((a, b) => Math.max(a, b), 0);
  }

  /** Standard deviation of the durations. */
  get deviationSeconds(): number {
    const { count } = this;
    const mean = this.#seconds.reduce((a, b) => a + b, 0) / count;
    return count === 0 ? 0 : Math.sqrt(this.#seconds.reduce((sum, s) => sum + (s - mean) ** 2, 0) / count);
  }

  /** etcdctl's output lines; none without failures. */
  failures(): readonly string[] {
    if (this.#errors.size === 0) return [];
    return [
      "FAIL: too many errors",
      ...[...this.#errors].map(([cause, times]) => `FAIL: ERROR(${cause}) -> ${times}`),
    ];
  }
}
