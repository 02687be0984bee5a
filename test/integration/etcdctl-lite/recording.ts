/**
 * What a line of the replay is held against: the real etcdctl 3.5.30 where this machine has it, else what it answered
 * when it was recorded. A run beside the real tool compares the recording as well, so that it cannot grow old.
 *
 *   npm run setup -- --etcd 3.5.30 && npm run record:etcdctl      writes it anew, masked as all that is compared
 *   REPLAY_RECORDED=1                                             the recording, also where the real tool is
 */
import { access, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { type EtcdBinary, findEtcd, findEveryEtcd } from "../../../src/etcd/local/find-etcd.ts";
import { compareVersions } from "../../../src/etcd/versions/version.ts";
import type { ReplayLine } from "./command-lines.ts";
import { type Outcome, runReal } from "./run-line.ts";

/** The etcdctl whose answers count. */
export const etcdctlVersion = "3.5.30";

interface Entry extends Outcome {
  readonly line: string;
  readonly stdin: string;
}

export class Recording {
  /** The etcd to run the lines over. */
  readonly etcd: EtcdBinary;
  /** Undefined: this machine has no etcdctl of that version. */
  readonly etcdctl: string | undefined;
  readonly #file: string;
  readonly #entries: readonly Entry[];
  /** Undefined: not recording. */
  readonly #written: Entry[] | undefined;

  private constructor(facts: {
    readonly etcd: EtcdBinary;
    readonly etcdctl: string | undefined;
    readonly file: string;
    readonly entries: readonly Entry[];
    readonly written: Entry[] | undefined;
  }) {
    this.etcd = facts.etcd;
    this.etcdctl = facts.etcdctl;
    this.#file = facts.file;
    this.#entries = facts.entries;
    this.#written = facts.written;
  }

  /** @param name of the file below test/fixtures/etcdctl */
  static async open(name: string): Promise<Recording> {
    const real = process.env["REPLAY_RECORDED"] === "1" ? undefined : await findEtcdctl();
    const records = process.env["RECORD_ETCDCTL"] === "1";
    if (records && real === undefined)
      throw new Error(`there is no etcdctl ${etcdctlVersion} here to record`);
    const file = fileURLToPath(new URL(`../../fixtures/etcdctl/${name}`, import.meta.url));
    return new Recording({
      etcd: real?.etcd ?? (await findEtcd()),
      etcdctl: real?.etcdctl,
      file,
      entries: records ? [] : (JSON.parse(await readFile(file, "utf8")) as Entry[]),
      written: records ? [] : undefined,
    });
  }

  /** For the name of a suite: which of the two ways it goes. */
  get how(): string {
    return this.etcdctl === undefined ? "as recorded" : "beside it";
  }

  /** Why a line cannot be compared here: the recording was made on an etcd of 3.5. */
  whyNot({ since35 }: ReplayLine): string | undefined {
    if (since35 === undefined || compareVersions(this.etcd.version, "3.5.0") >= 0) return undefined;
    return `etcd ${this.etcd.version} itself answers otherwise than 3.5`;
  }

  /** What etcdctl answers to the line with this number, from 0; it must be what is on record. */
  async expected(at: number, entry: ReplayLine, args: readonly string[]): Promise<Outcome> {
    if (this.etcdctl === undefined) return this.#recorded(at, entry);
    const outcome = await runReal(this.etcdctl, args, entry);
    if (this.#written === undefined) expect(this.#recorded(at, entry), "the recording").toEqual(outcome);
    else this.#written.push({ line: entry.line, stdin: entry.stdin ?? "", ...outcome });
    return outcome;
  }

  /** Keeps what was recorded; one entry a line, so that a change shows as one. */
  async close(): Promise<void> {
    if (this.#written === undefined) return;
    const lines = this.#written.map((entry) => JSON.stringify(entry));
    await writeFile(this.#file, `[\n${lines.join(",\n")}\n]\n`);
  }

  #recorded(at: number, { line, stdin = "" }: ReplayLine): Outcome {
    const entry = this.#entries[at];
    if (entry === undefined || entry.line !== line || entry.stdin !== stdin) {
      throw new Error(
        `"${line}" is not the recording's line ${at + 1}: "npm run record:etcdctl" records anew`,
      );
    }
    const { told, code } = entry;
    // The one thing in it that the etcd says of itself.
    const stdout = line.includes("endpoint status")
      ? entry.stdout.replaceAll(etcdctlVersion, this.etcd.version)
      : entry.stdout;
    return { stdout, told, code };
  }
}

/** The real etcdctl, beside an etcd of its version. */
export async function findEtcdctl(): Promise<
  { readonly etcd: EtcdBinary; readonly etcdctl: string } | undefined
> {
  for (const etcd of await findEveryEtcd()) {
    const etcdctl = join(dirname(etcd.path), "etcdctl");
    const there = await access(etcdctl).then(
      () => true,
      () => false,
    );
    if (there && etcd.version === etcdctlVersion) return { etcd, etcdctl };
  }
  return undefined;
}
