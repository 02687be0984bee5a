/**
 * Whose forms the output has: those of etcdctl 3.5.30 for servers up to 3.5, those of 3.6.14 from 3.6 on. It is the line of
 * the newest server that was spoken to, since 3.6's forms hold all that the older ones do.
 */

/** "3.5" stands for every line up to it, "3.6" for every one from it on. */
export type ToolLine = "3.5" | "3.6";

/** @param versions of the servers spoken to; without any it is "3.5" */
export function toolLineOf(versions: readonly string[]): ToolLine {
  return versions.some(isFrom36) ? "3.6" : "3.5";
}

function isFrom36(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return major > 3 || (major === 3 && minor >= 6);
}
