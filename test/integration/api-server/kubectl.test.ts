/**
 * The real kubectl against examples/api-server: what a stranger's client makes of lists, watches, patches and errors
 * that come out of keelson. Runs where a kubectl is (KEELSON_KUBECTL or PATH).
 */
import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderForAll } from "../../support/for-all.ts";
import { buildProject, ProgramRun, startProgram } from "../../support/project-run.ts";
import { skipNote } from "../../support/skip-note.ts";
import { findKubectl } from "./find-kubectl.ts";

const kubectl = findKubectl()?.path;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const without = kubectl === undefined;

describe.skipIf(without)(
  `kubectl against the example API server${skipNote(without, "no kubectl on this machine")}`,
  () => {
    let server: ProgramRun | undefined;
    let url: string;

    const folder = folderForAll();

    beforeAll(async () => {
      await buildProject();
      server = await startProgram("dist/examples/api-server/main.js", ["--serve", "--port", "0"]);
      url = (await server.said(/serving on (http:\S+)/))[1] ?? "";
    }, 300_000);

    afterAll(async () => {
      server?.child.kill("SIGINT");
      expect((await server?.ended())?.code).toBe(0);
    });

    /** HOME: kubectl keeps what it discovered there, by address; the next server may have the same. */
    const environment = () => ({ HOME: folder.path, PATH: process.env["PATH"] });
    const run = (...args: readonly string[]): Promise<Outcome> =>
      new Promise((done) => {
        const options = { env: environment(), timeout: 100_000 };
        execFile(kubectl ?? "", ["--server", url, ...args], options, (error, stdout, stderr) =>
          done({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
        );
      });

    const manifest = async (name: string, object: object): Promise<string> => {
      const path = join(folder.path, `${name}.json`);
      await writeFile(path, JSON.stringify(object));
      return path;
    };
    const configMap = (name: string, data: Readonly<Record<string, string>>): object => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name },
      data,
    });

    test("knows the kinds, their groups and their short names from discovery", async () => {
      const { code, stdout } = await run("api-resources", "--no-headers");
      expect(code).toBe(0);
      expect(stdout).toMatch(/^pods +po +v1 +true +Pod$/m);
      expect(stdout).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m);
      expect(stdout).toMatch(
        /^customresourcedefinitions +crd,crds +apiextensions.k8s.io\/v1 +false +CustomResourceDefinition$/m,
      );
    });

    test("creates, applies, labels, patches, replaces and deletes", async () => {
      const first = await manifest("first", configMap("settings", { colour: "red" }));
      const second = await manifest("second", configMap("settings", { colour: "blue", size: "big" }));
      expect((await run("create", "--save-config", "-f", first)).code).toBe(0);
      expect((await run("apply", "-f", second)).stdout).toContain("configured");
      expect((await run("apply", "-f", second)).stdout).toContain("unchanged");
      expect((await run("label", "configmap", "settings", "tier=front")).code).toBe(0);
      const patch = JSON.stringify({ data: { size: null, shape: "round" } });
      expect((await run("patch", "cm", "settings", "--type", "merge", "-p", patch)).code).toBe(0);
      const read = await run("get", "configmap", "settings", "-o", "json");
      expect(JSON.parse(read.stdout)).toMatchObject({
        metadata: { name: "settings", namespace: "default", labels: { tier: "front" } },
        data: { colour: "blue", shape: "round" },
      });
      expect((await run("delete", "configmap", "settings")).stdout).toContain("deleted");
      expect((await run("get", "configmap", "settings")).stderr).toContain("(NotFound)");
    });

    test("is told AlreadyExists, Conflict and a missing namespace by their reasons", async () => {
      const path = await manifest("twice", configMap("twice", {}));
      expect((await run("create", "-f", path)).code).toBe(0);
      expect((await run("create", "-f", path)).stderr).toContain("(AlreadyExists)");
      const stale = { ...configMap("twice", {}), metadata: { name: "twice", resourceVersion: "1" } };
      const stalePath = await manifest("stale", stale);
      expect((await run("replace", "-f", stalePath)).stderr).toContain("(Conflict)");
      const elsewhere = await run("create", "-n", "nowhere", "-f", path);
      expect(elsewhere.stderr).toContain('namespaces "nowhere" not found');
    });

    test("reads a long list in pages, and by node", async () => {
      const pods = Array.from({ length: 30 }, (_, i) => ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: `web-${i}` },
        spec: { nodeName: `node-${i % 3}`, containers: [{ name: "web", image: "nginx:1.27" }] },
      }));
      const path = await manifest("pods", { apiVersion: "v1", kind: "List", items: pods });
      expect((await run("create", "-f", path)).code).toBe(0);
      const all = await run("get", "pods", "--chunk-size=7", "-o", "name");
      expect(all.stdout.trim().split("\n")).toHaveLength(30);
      const byNode = await run("get", "pods", "-A", "--field-selector", "spec.nodeName=node-1", "-o", "name");
      expect(byNode.stdout.trim().split("\n")).toHaveLength(10);
    });

    test("sees a change through its watch", async () => {
      const path = await manifest("watched", configMap("watched", { state: "new" }));
      expect((await run("create", "-f", path)).code).toBe(0);
      const template = "{.data.state}{'\\n'}";
      const args = ["--server", url, "get", "configmap", "watched", "--watch", "-o", `jsonpath=${template}`];
      const watching = new ProgramRun(spawn(kubectl ?? "", args, { env: environment() }));
      await watching.said(/^new$/m);
      const patch = JSON.stringify({ data: { state: "done" } });
      expect((await run("patch", "cm", "watched", "--type", "merge", "-p", patch)).code).toBe(0);
      await watching.said(/^done$/m);
      watching.child.kill();
      expect((await watching.ended()).stderr).toBe("");
    });

    test("deletes a namespace with all that is in it", async () => {
      expect((await run("create", "namespace", "team")).code).toBe(0);
      const path = await manifest("inside", configMap("inside", {}));
      expect((await run("create", "-n", "team", "-f", path)).code).toBe(0);
      expect((await run("delete", "namespace", "team", "--timeout=90s")).code).toBe(0);
      expect((await run("get", "configmap", "-n", "team", "-o", "name")).stdout).toBe("");
    });
  },
);
