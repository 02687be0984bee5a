/**
 * What a line of the replay is held against: the real etcdctl (3.5.30; 3.6.14 for its own set, with etcdutl) where this
 * machine has it, else what it answered when it was recorded. A run beside the real tool compares the recording as well, so
 * that it cannot grow old.
 *
 *   npm run setup -- --etcd 3.5.30 && npm run record:etcdctl      writes it anew, masked as all that is compared
 *   KEELSON_ETCD=<etcd 3.6.14> npm run record:etcdctl-3.6         the same of 3.6's set; its tools lie beside it
 *   REPLAY_RECORDED=1                                             the recording, also where the real tool is
 */
import { access, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { type EtcdBinary, findEtcd, findEveryEtcd } from "../../../../src/etcd/local/find-etcd.ts";
import { lineOf } from "../../../../src/etcd/versions/release-lines.ts";
import { compareVersions } from "../../../../src/etcd/versions/version.ts";
import type { ReplayLine } from "./command-lines.ts";
import { type Outcome, runReal } from "./run-line.ts";

/** The etcdctl whose answers count. */
export const etcdctlVersion = "3.5.30";
/** The etcdctl and etcdutl whose answers count for the lines of an operator of 3.6. */
export const etcdctl36Version = "3.6.14";

interface Entry extends Outcome {
  readonly line: string;
  readonly stdin: string;
}

export class Recording {
  /** The etcd to run the lines over. */
  readonly etcd: EtcdBinary;
  /** Undefined: this machine has no etcdctl of that version. */
  readonly etcdctl: string | undefined;
  readonly #version: string;
  readonly #file: string;
  readonly #entries: readonly Entry[];
  /** Undefined: not recording. */
  readonly #written: Entry[] | undefined;

  private constructor(facts: {
    readonly etcd: EtcdBinary;
    readonly etcdctl: string | undefined;
    readonly version: string;
    readonly file: string;
    readonly entries: readonly Entry[];
    readonly written: Entry[] | undefined;
  }) {
    this.etcd = facts.etcd;
    this.etcdctl = facts.etcdctl;
    this.#version = facts.version;
    this.#file = facts.file;
    this.#entries = facts.entries;
    this.#written = facts.written;
  }

  /** @param name of the file below test/fixtures/etcdctl @param version of the etcdctl whose answers count */
  static async open(name: string, version: string = etcdctlVersion): Promise<Recording> {
    const real = process.env["REPLAY_RECORDED"] === "1" ? undefined : await findEtcdctl(version);
    const records = process.env["RECORD_ETCDCTL"] === lineOf(version);
    if (records && real === undefined) throw new Error(`there is no etcdctl ${version} here to record`);
    const file = fileURLToPath(new URL(`../../../fixtures/etcdctl/${name}`, import.meta.url));
    return new Recording({
      etcd: real?.etcd ?? (await findServer(version)),
      etcdctl: real?.etcdctl,
      version,
      file,
      entries: records ? [] : (JSON.parse(await readFile(file, "utf8")) as Entry[]),
      written: records ? [] : undefined,
    });
  }

  /** For the name of a suite: which of the two ways it goes. */
  get how(): string {
    return this.etcdctl === undefined ? "as recorded" : "beside it";
  }

  /** Why a line cannot be compared here: the recording was made on an etcd of 3.5, or of 3.6. */
  whyNot({ since35, since36 }: ReplayLine): string | undefined {
    const { version } = this.etcd;
    if (since36 === true && compareVersions(version, "3.6.0") < 0) {
      return `etcd ${version} itself answers otherwise than 3.6: KEELSON_ETCD names none of 3.6`;
    }
    if (since35 === undefined || compareVersions(version, "3.5.0") >= 0) return undefined;
    return `etcd ${version} itself answers otherwise than 3.5`;
  }

  /** What etcdctl answers to the line with this number, from 0; it must be what is on record. */
  async expected(at: number, entry: ReplayLine, args: readonly string[]): Promise<Outcome> {
    if (this.etcdctl === undefined) return this.#recorded(at, entry);
    const tool = entry.tool === undefined ? this.etcdctl : join(dirname(this.etcdctl), entry.tool);
    const outcome = await runReal(tool, args, entry);
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
      ? entry.stdout.replaceAll(this.#version, this.etcd.version)
      : entry.stdout;
    return { stdout, told, code };
  }
}

/** An etcd of the line that the lines were recorded on, else the one that every test takes. */
async function findServer(version: string): Promise<EtcdBinary> {
  const all = await findEveryEtcd();
  const ofLine = all.find((etcd) => lineOf(etcd.version) === lineOf(version));
  return (version === etcdctlVersion ? undefined : ofLine) ?? (await findEtcd());
}

/** The real etcdctl, beside an etcd of its version. */
export async function findEtcdctl(
  version: string = etcdctlVersion,
): Promise<{ readonly etcd: EtcdBinary; readonly etcdctl: string } | undefined> {
  for (const etcd of await findEveryEtcd()) {
    const etcdctl = join(dirname(etcd.path), "etcdctl");
    const there = await access(etcdctl).then(
      () => true,
      () => false,
    );
    if (there && etcd.version === version) return { etcd, etcdctl };
  }
  return undefined;
}
