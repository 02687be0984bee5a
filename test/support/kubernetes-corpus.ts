/**
 * Kubernetes' own corpus of encoded objects, from Debian's package of its types: for HEAD and older releases each type as
 * .pb, .json and .yaml, and with "after_roundtrip" in the name what the newest types make of one. Fetched, never committed.
 */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Fetching takes ten seconds; an archive that does not answer is given up by itself before this. */
const fetchMs = 120_000;
const projectFolder = join(import.meta.dirname, "..", "..");

export interface Sample {
  /** "HEAD", "v1.33.0". */
  readonly release: string;
  /** "core.v1.Pod". */
  readonly type: string;
  readonly protobuf: Uint8Array;
  readonly json: string;
  readonly yaml: string;
  /** As the newest types write and show it, where that differs. */
  readonly newest: { readonly protobuf: Uint8Array | undefined; readonly json: string | undefined };
}

/** The corpus, or why it cannot be had. */
export type Corpus = { readonly samples: readonly Sample[] } | { readonly missing: string };

export async function kubernetesCorpus(): Promise<Corpus> {
  try {
    const script = join(projectFolder, "scripts", "kubernetes-types.mjs");
    const { stdout } = await run(process.execPath, [script], { timeout: fetchMs, killSignal: "SIGTERM" });
    return { samples: readCorpus(join(stdout.trim(), "usr/share/gocode/src/k8s.io/api/testdata")) };
  } catch (error) {
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    return { missing: stderr.trim().split("\n").at(-1) ?? "it cannot be fetched" };
  }
}

function readCorpus(folder: string): Sample[] {
  const samples: Sample[] = [];
  for (const release of readdirSync(folder).sort()) {
    const files = new Set(readdirSync(join(folder, release)));
    const bytes = (name: string): Uint8Array | undefined =>
      files.has(name) ? readFileSync(join(folder, release, name)) : undefined;
    for (const file of [...files].sort()) {
      const type = /^(.*)\.pb$/.exec(file)?.[1];
      if (type === undefined || type.endsWith(".after_roundtrip")) continue;
      samples.push({
        release,
        type,
        protobuf: bytes(file) ?? new Uint8Array(0),
        json: text(bytes(`${type}.json`)) ?? "",
        yaml: text(bytes(`${type}.yaml`)) ?? "",
        newest: {
          protobuf: bytes(`${type}.after_roundtrip.pb`),
          json: text(bytes(`${type}.after_roundtrip.json`)),
        },
      });
    }
  }
  return samples;
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
}
