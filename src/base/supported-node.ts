/**
 * The first import of every entry point: on a Node that lacks what keelson is written for, importing it fails with this sentence. Without it
 * the first name that such a Node does not export would, as a SyntaxError of somebody else's module. What is loaded before it
 * (every module is linked first, in no order) therefore takes names newer than Node 18 from default imports.
 */

/** package.json's engines, spelt out. */
const oldest: Readonly<Record<number, number>> = { 20: 19, 22: 12 };

/** Why `version` ("20.10.0") is too old; undefined where it is not. */
export function whyTooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const needed = oldest[major];
  if (needed === undefined ? major > 22 : minor >= needed) return undefined;
  return `keelson needs Node 20.19, 22.12, or 23 and later: this is Node ${version}`;
}

const why = whyTooOld(process.versions.node);
if (why !== undefined) throw new Error(why);
