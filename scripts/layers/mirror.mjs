/**
 * `test/unit` mirrors the sources: a test named for a file lies at the path of that file.
 *
 *   test/unit/etcd/wire/kv.test.ts                src/etcd/wire/kv.ts
 *   test/unit/etcdctl-lite/text/colour.test.ts    tools/etcdctl-lite/text/colour.ts
 *   test/unit/quota/racing-sets.test.ts           no source of quota has this name: a test of behaviour, at the area's folder
 */
import { posix } from "node:path";

/** Tests named for a source that lie elsewhere all the same, and why. */
/** @type {ReadonlyMap<string, string>} */
const exceptions = new Map([
  ["test/unit/etcdctl-lite/help.test.ts", "it holds the help of the whole tool, and writes its page"],
]);

/**
 * @param {Iterable<string>} files of the project
 * @returns {import("./layers.mjs").Finding[]}
 */
export function checkMirror(files) {
  /** @type {Map<string, string[]>} area and name of a source to its folders, as test/unit has them */
  const folders = new Map();
  const tests = [];
  for (const file of files) {
    if (file.startsWith("test/unit/") && file.endsWith(".test.ts"))
      tests.push(file.slice("test/unit/".length));
    const place = placeOf(file);
    if (place === undefined) continue;
    const { area, folder, name } = place;
    const known = folders.get(`${area}/${name}`);
    if (known === undefined) folders.set(`${area}/${name}`, [folder]);
    else known.push(folder);
  }
  return tests.flatMap((test) => {
    const file = `test/unit/${test}`;
    const [area = ""] = test.split("/");
    const expected = folders.get(`${area}/${posix.basename(test, ".test.ts")}`);
    if (expected === undefined || expected.includes(posix.dirname(test)) || exceptions.has(file)) return [];
    const places = expected.map((folder) => `test/unit/${folder}/`).join(" or ");
    return [
      {
        file,
        line: 0,
        message: `it is named for a source and lies elsewhere: its place is ${places}`,
        severity: "error",
      },
    ];
  });
}

/**
 * Where the test of a source lies under test/unit.
 *
 * @param {string} file
 * @returns {{ area: string, folder: string, name: string } | undefined} undefined for what is no source
 */
function placeOf(file) {
  const found = /^(?:(?:src|tools)\/)?((?:[\w.-]+\/)+)([\w.-]+)\.(?:ts|mjs)$/.exec(file);
  const [, path = "", name = ""] = found ?? [];
  if (found === null || file.startsWith("test/")) return undefined;
  const folder = path.slice(0, -1);
  return { area: folder.split("/")[0] ?? "", folder, name };
}
