/**
 * Selects the output format: that of etcdctl 3.5.30 for servers up to 3.5, that of 3.6.14 from 3.6 on. The newest
 * contacted server decides, because the format of 3.6 has all the content of the older one.
 */

/** "3.5" means every release line up to 3.5, "3.6" every one from 3.6 on. */
export type ToolLine = "3.5" | "3.6";

/** @param versions of the contacted servers; "3.5" if there are none */
export function toolLineOf(versions: readonly string[]): ToolLine {
  return versions.some(isFrom36) ? "3.6" : "3.5";
}

function isFrom36(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return major > 3 || (major === 3 && minor >= 6);
}
