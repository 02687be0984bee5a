/** Every kubectl this machine has: KEELSON_KUBECTL, PATH, and what setup has fetched under .cache/kubectl. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { projectFolder } from "../../support/project-run.ts";

export interface Kubectl {
  readonly path: string;
  /** "1.36.4". */
  readonly version: string;
}

/** The one a test takes that runs with one; undefined: there is none. */
export function findKubectl(): Kubectl | undefined {
  return findEveryKubectl()[0];
}

/** The newest first, one of each minor version. */
export function findEveryKubectl(): readonly Kubectl[] {
  const named = process.env["KEELSON_KUBECTL"];
  const cache = join(projectFolder, ".cache", "kubectl");
  const cached = existsSync(cache)
    ? readdirSync(cache).map((name) => join(cache, name, "usr", "bin", "kubectl"))
    : [];
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "kubectl"));
  const paths = named === undefined ? [...cached, ...onPath] : named.split(delimiter);
  const found = new Map<number, Kubectl>();
  for (const path of paths.filter((one) => existsSync(one))) {
    const version = versionOf(path);
    const minor = version === undefined ? undefined : minorOf({ version });
    if (version !== undefined && minor !== undefined && !found.has(minor))
      found.set(minor, { path, version });
  }
  return [...found.values()].sort((a, b) => minorOf(b) - minorOf(a));
}

export const minorOf = ({ version }: Pick<Kubectl, "version">): number => Number(version.split(".")[1]);

function versionOf(path: string): string | undefined {
  try {
    const text = execFileSync(path, ["version", "--client"], { encoding: "utf8", timeout: 20_000 });
    return /v(\d+\.\d+\.\d+)/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}
