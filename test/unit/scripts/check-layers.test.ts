/** The checks of `npm run check:layers` on good and bad samples, so that a rule that stops biting is noticed. */
import { describe, expect, test } from "vitest";
import { areaOf, checkCycles, checkLayers } from "../../../scripts/layers/layers.mjs";
import { checkMirror } from "../../../scripts/layers/mirror.mjs";
import { readSource } from "../../../scripts/layers/read-source.mjs";
import { checkLock, checkTidy, isCode } from "../../../scripts/layers/tidy.mjs";

const header = "/** An idea. */\n";

function messages(files: Readonly<Record<string, string>>): readonly string[] {
  const sources = new Map(Object.entries(files).map(([path, text]) => [path, readSource(path, text)]));
  const tidy = Object.entries(files).flatMap(([path, text]) =>
    checkTidy(path, text, isCode(path) ? readSource(path, text) : undefined),
  );
  return [...tidy, ...checkLayers(sources), ...checkCycles(sources)].map(
    ({ file, line, message }) => `${file}:${line} ${message}`,
  );
}

describe("layers", () => {
  test("imports that go down or stay in the folder pass", () => {
    expect(
      messages({
        "src/errors.ts": `${header}export const a = 1;`,
        "src/base/time/clock.ts": `${header}import { a } from "../../errors.ts"; export const b = a;`,
        "src/storage/seam/get.ts": `${header}import type { b } from "../../base/time/clock.ts"; export type C = typeof b;`,
        "src/storage/seam/list.ts": `${header}import type { C } from "./get.ts"; export type D = C;`,
        "src/watch/cache.ts": `${header}import type { D } from "../storage/seam/list.ts"; export type E = D;`,
        "src/index.ts": `${header}export type { E } from "./watch/cache.ts";`,
        "tools/tour/main.ts": `${header}import { E } from "keelson"; import { s } from "./steps/s.ts"; s(E);`,
        "tools/tour/steps/s.ts": `${header}export const s = 1;`,
      }),
    ).toEqual([]);
  });

  test.each([
    [
      "an import that climbs",
      "src/base/x.ts",
      'import "../etcd/y.ts";',
      "base may import nothing but itself, not etcd",
    ],
    [
      "a type import that climbs",
      "src/etcd/x.ts",
      'import type { A } from "../storage/y.ts";',
      "not storage",
    ],
    [
      "an import type that climbs",
      "src/etcd/x.ts",
      'export type A = import("../watch/y.ts").A;',
      "not watch",
    ],
    ["quota knowing watch", "src/quota/x.ts", 'import "../watch/y.ts";', "not watch"],
    ["watch knowing quota", "src/watch/x.ts", 'import "../quota/y.ts";', "not quota"],
    ["kubernetes knowing etcd", "src/kubernetes/x.ts", 'import "../etcd/y.ts";', "not etcd"],
    ["http knowing storage", "src/http/x.ts", 'import "../storage/y.ts";', "not storage"],
    ["testing knowing storage", "src/testing/x.ts", 'import "../storage/y.ts";', "not storage"],
    ["a file that is not there", "src/base/x.ts", 'import "./gone.ts";', "there is no such file"],
    ["a re-export outside an entry point", "src/base/x.ts", 'export { a } from "keel";', "only entry points"],
    [
      "an entry point used from inside",
      "src/base/x.ts",
      'import "keelson/etcd";',
      "inside src imports are relative",
    ],
    ["a tool past the entry points", "tools/t/x.ts", 'import "../../src/etcd/y.ts";', "entry points alone"],
    ["a tool in another tool", "tools/t/x.ts", 'import "../u/y.ts";', "it leaves tools/t/"],
    ["an example with a second file", "examples/x.ts", 'import "./y.ts";', "an example stands alone"],
    ["an example in another example", "examples/e/x.ts", 'import "../f/y.ts";', "it leaves examples/e/"],
    [
      "etcd3 outside its place",
      "src/storage/x.ts",
      'import "etcd3";',
      "its place is src/etcd/transport/etcd3/",
    ],
    ["etcd knowing codec", "src/etcd/x.ts", 'import "../codec/y.ts";', "not codec"],
    ["backup knowing quota", "src/backup/x.ts", 'import "../quota/y.ts";', "not quota"],
    [
      "a room that climbs",
      "src/etcd/ports/x.ts",
      'import "../wire/y.ts";',
      "room ports of src/etcd may import nothing but itself, not wire",
    ],
    [
      "a room that imports the folder's own files",
      "src/storage/read/x.ts",
      'import "../y.ts";',
      "not the folder's own files",
    ],
    ["a room nobody planned", "src/watch/attic/x.ts", 'import "../state/y.ts";', "not in the table of rooms"],
    [
      "a folder entered past its seam",
      "src/watch/feed/x.ts",
      'import "../../storage/write/y.ts";',
      "src/watch enters src/storage through seam",
    ],
    [
      "the tool's frame knowing a command",
      "tools/etcdctl-lite/cli/x.ts",
      'import "../commands/y.ts";',
      "not commands",
    ],
    ["a folder without a layer", "src/extra/x.ts", "", "not in the layer table"],
  ])("%s is refused", (_, file, code, claim) => {
    const target = { "src/base/y.ts": header, "src/etcd/y.ts": header, "src/storage/y.ts": header };
    const more = { "src/watch/y.ts": header, "src/quota/y.ts": header };
    expect(messages({ ...target, ...more, [file]: header + code }).join("\n")).toContain(claim);
  });

  test("a cycle is named file by file, a type import among its links", () => {
    const found = messages({
      "src/base/a.ts": `${header}import { b } from "./b.ts"; export const a = b;`,
      "src/base/b.ts": `${header}import { c } from "./c.ts"; export const b = c;`,
      "src/base/c.ts": `${header}import type { a } from "./a.ts"; export const c: typeof a = 1;`,
    });
    expect(found).toEqual([
      "src/base/a.ts:0 import cycle: src/base/a.ts → src/base/b.ts → src/base/c.ts → src/base/a.ts",
    ]);
  });

  test("areaOf() tells layers, assembly and what stands around the library", () => {
    expect(["src/errors.ts", "src/etcd/http2/x.ts", "src/create-store.ts", "bench/x.ts"].map(areaOf)).toEqual(
      ["base", "etcd", "assembly", "bench"],
    );
  });
});

describe("tidy", () => {
  test.each([
    ["Date.now()", "export const t = Date.now();", "time comes from Clock"],
    ["new Date()", "export const t = new Date();", "time comes from Clock"],
    ["setTimeout()", "setTimeout(() => {}, 1);", "time comes from Clock"],
    [
      "timers/promises",
      'import { setTimeout as s } from "node:timers/promises"; s;',
      "time comes from Clock",
    ],
    [
      "a timer of node:timers",
      'import { setTimeout } from "node:timers"; setTimeout;',
      "time comes from Clock",
    ],
    [
      "import() beside await using",
      'export async function f(): Promise<void> { await using a = await b(); await import("./c.ts"); }',
      'the compiler keeps its ".ts"',
    ],
    ["Math.random()", "export const r = Math.random();", "chance comes from Random"],
    ["randomUUID()", "export const r = crypto.randomUUID();", "chance comes from Random"],
    ["any", "export const a = (b: any): unknown => b;", "say `unknown`"],
    ["a silenced type error", `// @ts-${"ignore"}\n`, "mended, not silenced"],
    ["work left to do", `// ${"TO"}${"DO"}: later\n`, "left in"],
    ["a path of one machine", `// see /${"home"}/me/x\n`, "a path of one machine"],
    ["a package host", `// see http://deb.${"debian"}.org/x\n`, "a package host"],
  ])("%s is refused in the library", (_, code, claim) => {
    expect(messages({ "src/storage/x.ts": header + code }).join("\n")).toContain(claim);
  });

  test.each([
    ["kept in a variable", "  server = await startLocalEtcd({ binary });\n", 1],
    ["one of several", "  [etcd] = await Promise.all([startLocalEtcd(), build()]);\n", 1],
    ["a cluster", "  cluster = await startLocalCluster({ size: 3 });\n", 1],
    ["of one test", "  await using own = await startLocalEtcd({ binary });\n", 0],
    ["of the fixture", "const lab = etcdForAll({ binary });\n", 0],
  ])("an etcd %s is shared by hand or not", (_, code, count) => {
    const found = messages({ "test/integration/x.test.ts": code });
    expect(found.filter((message) => message.includes("test/support/etcd/real-etcd.ts"))).toHaveLength(count);
    expect(messages({ "test/support/x.ts": code })).toEqual([]);
  });

  test.each([
    ["base holds the clock", "src/base/time/clock.ts", "export const t = Date.now();"],
    [
      "the end of a turn is no time",
      "src/storage/x.ts",
      'import { setImmediate } from "node:timers"; setImmediate;',
    ],
    [
      "import() in a function of its own",
      "src/storage/x.ts",
      'const c = () => import("node:fs"); export async function f() { await using a = await b(); await c(); }',
    ],
    ["tools may look at the time", "tools/t/x.ts", "export const t = Date.now();"],
    ["a date of given milliseconds is no clock", "src/storage/x.ts", "export const d = new Date(0);"],
    [
      "words in text and comments are no code",
      "src/storage/x.ts",
      'export const s = "Date.now() any"; // any',
    ],
    ["an example host is nobody's", "docs/x.md", "http://registry.example.com and http://127.0.0.1:2379"],
  ])("%s", (_, file, code) => {
    expect(messages({ [file]: header + code })).toEqual([]);
  });

  test("a file without header comment, or named for nothing, is refused", () => {
    expect(messages({ "src/base/string-utils.ts": "export const a = 1;" })).toEqual([
      'src/base/string-utils.ts:0 "string-utils.ts" names no idea: name the file by its noun',
      "src/base/string-utils.ts:1 no header comment: begin with /** the idea, who uses it, the invariant */",
    ]);
  });

  test("a long file is a note, not an error", () => {
    const text = `${header}${"export {};\n".repeat(400)}`;
    const [finding] = checkTidy("src/base/x.ts", text, readSource("src/base/x.ts", text));
    expect(finding).toMatchObject({ severity: "note", message: "401 lines, over 350" });
  });

  test("a lock without the optional packages of other platforms is refused", () => {
    const biome = { version: "1.0.0", optionalDependencies: { "cli-darwin": "1.0.0" } };
    const whole = { "node_modules/biome": biome, "node_modules/cli-darwin": { version: "1.0.0" } };
    expect(checkLock(JSON.stringify({ packages: { "": {}, ...whole } }))).toEqual([]);
    expect(checkLock(JSON.stringify({ packages: { "": {}, "node_modules/biome": biome } }))).toHaveLength(1);
  });
});

describe("the mirror", () => {
  const sources = ["src/etcd/wire/kv.ts", "src/codec/form/codec.ts", "tools/etcdctl-lite/text/colour.ts"];

  test("a test at the path of its source passes, and so does one that no source of its area is named for", () => {
    const tests = ["etcd/wire/kv", "etcdctl-lite/text/colour", "etcd/codec", "etcd/racing-writes"];
    expect(checkMirror([...sources, ...tests.map((test) => `test/unit/${test}.test.ts`)])).toEqual([]);
  });

  test.each(["etcd/kv", "etcdctl-lite/colour", "codec/codec"])("%s is refused where it lies", (test) => {
    const [finding] = checkMirror([...sources, `test/unit/${test}.test.ts`]);
    expect(finding).toMatchObject({ file: `test/unit/${test}.test.ts`, severity: "error" });
    expect(finding?.message).toContain("its place is test/unit/");
  });
});
