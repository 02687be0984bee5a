/** What is packed, and what works in a project that has it and none of its optional packages. */
import { readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PackedProject } from "../../support/packed-project.ts";

let project: PackedProject;
beforeAll(async () => {
  project = await PackedProject.create();
});
afterAll(() => project[Symbol.asyncDispose]());

describe("the package", () => {
  test("has examples, documents and policies, and neither the tour, nor benches, nor maps without sources", () => {
    for (const file of [
      "README.md",
      "SECURITY.md",
      "CONTRIBUTING.md",
      "COMPATIBILITY.md",
      "LICENSE",
      "examples/connect-and-crud.ts",
      "examples/api-server/main.ts",
      "docs/errors.md",
      "dist/src/index.d.ts",
      "dist/tools/etcdctl-lite/main.js",
    ]) {
      expect(project.files).toContain(file);
    }
    const strange = project.files.filter((file) => /\.map$|tour|bench\/|campaign|\.tsbuildinfo$/.test(file));
    expect(strange.filter((file) => !file.startsWith("docs/"))).toEqual([]);
  });

  test("has every file that its documents link to", async () => {
    const files = new Set(project.files);
    const missing: string[] = [];
    for (const file of project.files.filter((path) => path.endsWith(".md"))) {
      const text = await readFile(join(project.folder, "node_modules", "keelson", file), "utf8");
      for (const [, link = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        const [path = ""] = link.split("#");
        if (path === "" || /^[a-z]+:/.test(path)) continue;
        const target = normalize(join(dirname(file), path));
        const isThere = files.has(target) || project.files.some((other) => other.startsWith(`${target}/`));
        if (!isThere) missing.push(`${file}: ${link}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test("asks for no peer", () => {
    expect(project.manifest).not.toHaveProperty("peerDependencies");
  });
});

/** Node 20 has no `await using`. */
const source = `
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
const local = await startLocalEtcd();
try {
  const etcd = await connectEtcd({ endpoints: local.endpoints, transport: process.argv[2] });
  await etcd.kv.put({ key: "a", value: "1" });
  const { kvs } = await etcd.kv.range({ key: "a" });
  console.log(Buffer.from(kvs[0].value).toString());
  await etcd.close();
} catch (error) {
  console.log(error.code, error.message);
} finally {
  await local.stop();
}
`;

describe("without its optional packages", () => {
  test("every entry point loads", async () => {
    const entryPoints = ["", "/etcd", "/codec", "/kubernetes", "/backup", "/http", "/testing"];
    const text = entryPoints.map(
      (name) => `console.log(Object.keys(await import("keelson${name}")).length > 0);`,
    );
    const { code, stdout, stderr } = await project.run("entry-points.mjs", text.join("\n"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe("true\n".repeat(entryPoints.length));
  });

  test("a connection works, and the transport that needs them names the one that is missing", async () => {
    expect(await run(source)).toBe("1\n");
    expect(await run(source, "etcd3")).toMatch(
      /^INVALID_ARGUMENT Cannot connect to etcd: the package "(etcd3|@grpc\/grpc-js)" is not installed, and transport "etcd3" needs it: run "npm install etcd3 @grpc\/grpc-js", or leave transport out\n$/,
    );
    await project.link(Object.keys(project.manifest.optionalDependencies));
    expect(await run(source, "etcd3")).toBe("1\n");
  });

  test("etcdctl-lite starts", async () => {
    const started = await project.startFile("node_modules/keelson/dist/tools/etcdctl-lite/main.js", [
      "version",
    ]);
    const { code, stdout } = await started.ended();
    expect(code).toBe(0);
    expect(stdout).toMatch(/version: /);
  });
});

async function run(text: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await (await project.start("connect.mjs", text, args)).ended();
  expect(stderr).toBe("");
  return stdout;
}
