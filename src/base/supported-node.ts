/**
 * The first import of every entry point. On a Node that lacks what keelson needs, the import fails with this message.
 * Otherwise it would fail with a SyntaxError in another module about the first name that such a Node does not export.
 * Modules that load before this one (every module is linked first, in no fixed order) therefore take names newer than
 * Node 18 from default imports. */

/** package.json's engines, in numbers. */
const oldest: Readonly<Record<number, number>> = { 20: 19, 22: 12 };

/** Why `version` ("20.10.0") is too old; undefined when it is supported. */
export function whyTooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const needed = oldest[major];
  if (needed === undefined ? major > 22 : minor >= needed) return undefined;
  return `keelson needs Node 20.19, 22.12, or 23 and later: this is Node ${version}`;
}

const why = whyTooOld(process.versions.node);
if (why !== undefined) throw new Error(why);
