/** A program that awaits an etcd that is down lives until it is told so; Node ends one that waits for nothing. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildProject, projectFolder, startProgram } from "../../support/project-run.ts";

// Inside the project, so that "keelson" is the package itself.
const folder = join(projectFolder, ".cache", `waiting-${process.pid}`);
beforeAll(async () => {
  await buildProject();
  await mkdir(folder, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(["etcd3", "http2"])("a call over %s outlives its etcd until it fails", async (transport) => {
  const path = join(folder, `${transport}.mjs`);
  await writeFile(
    path,
    `import { connectEtcd, startLocalEtcd } from "keelson/etcd";
const local = await startLocalEtcd();
const etcd = await connectEtcd({ endpoints: local.endpoints, transport: "${transport}" });
await etcd.kv.put({ key: "a", value: "1" }, { requestTimeoutMs: 60_000, timeoutMs: 60_000 });
await local.stop();
await etcd.kv.range({ key: "a" }).catch((error) => console.log(error.code));
await etcd.close();
`,
  );
  const { code, stdout } = await (await startProgram(path)).ended();
  expect({ code, stdout }).toEqual({ code: 0, stdout: "UNAVAILABLE\n" });
});

test("connecting to nothing is UNAVAILABLE, not a silent end", async () => {
  const path = join(folder, "nothing.mjs");
  await writeFile(
    path,
    `import { connectEtcd } from "keelson/etcd";
await connectEtcd({ endpoints: "http://127.0.0.1:1" }).catch((error) => console.log(error.code));
`,
  );
  const { code, stdout } = await (await startProgram(path)).ended();
  expect({ code, stdout }).toEqual({ code: 0, stdout: "UNAVAILABLE\n" });
});
