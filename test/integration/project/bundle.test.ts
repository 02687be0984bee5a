/** etcdctl-lite as one file: it runs where there is no node_modules, and its package has what it says. */
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startLocalEtcd } from "../../../src/etcd/local/local-etcd.ts";
import { projectFolder, startChild, startProgram } from "../../support/project-run.ts";

test("npm run bundle makes a file that works by itself, and a package around it", async () => {
  expect(await (await startProgram("scripts/bundle.mjs")).ended()).toMatchObject({ code: 0, stderr: "" });
  const folder = await mkdtemp(join(tmpdir(), "keelson-bundle-"));
  try {
    await cp(join(projectFolder, "dist", "packages", "etcdctl-lite"), folder, { recursive: true });
    expect((await readdir(folder)).sort()).toEqual([
      "LICENSE",
      "README.md",
      "etcdctl-lite.mjs",
      "package.json",
    ]);
    const { version, bin } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    await using etcd = await startLocalEtcd();
    const lite = (...args: string[]) =>
      startChild(join(folder, bin["etcdctl-lite"]), [`--endpoints=${etcd.endpoints}`, ...args], {
        cwd: folder,
        env: {},
      }).ended();
    expect((await lite("--version")).stdout).toBe(`etcdctl-lite ${version}\n`);
    expect(await lite("put", "a", "1")).toMatchObject({ code: 0, stdout: "OK\n", stderr: "" });
    expect(await lite("get", "a")).toMatchObject({ code: 0, stdout: "a\n1\n", stderr: "" });
    const saved = await lite("snapshot", "save", join(folder, "a.db"));
    expect(saved).toMatchObject({ code: 0 });
    expect(await lite("snapshot", "verify", join(folder, "a.db"))).toMatchObject({ code: 0 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
