/** What etcdctl-lite has and etcdctl has not, and what it does with snapshots, on a real etcd. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createStore } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { describe, expect, test } from "vitest";
import { lineOf } from "../../../../src/etcd/versions/release-lines.ts";
import { run } from "../../../../tools/etcdctl-lite/run.ts";
import { hasFeature } from "../../../support/etcd/etcd-features.ts";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { namespacedKind } from "../../../support/kinds.ts";
import { patientMs, until } from "../../../support/time/patience.ts";
import { patience } from "../lite.ts";

const execute = promisify(execFile);

const lab = processForAll();
const dir = folderForAll();

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function lite(
  args: readonly string[],
  options: { stdin?: string; tty?: true; endpoints?: string } = {},
): Promise<Ran> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const stdin = {
    ...(options.tty === undefined ? {} : { isTTY: true }),
    async *[Symbol.asyncIterator]() {
      yield Buffer.from(options.stdin ?? "");
    },
  };
  const endpoints = `--endpoints=${options.endpoints ?? lab.local.endpoints.join(",")}`;
  const code = await run([endpoints, ...patience, ...args], {
    stdin,
    stdout: { write: (bytes) => void out.push(Buffer.from(bytes)) },
    stderr: { write: (bytes) => void err.push(Buffer.from(bytes)), isTTY: options.tty === true },
    env: {},
    signal: new AbortController().signal,
    program: "etcdctl-lite",
  });
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

describe("snapshots", () => {
  test("a snapshot saved is sound, and an etcd boots from what was restored at an earlier revision", async () => {
    await lite(["put", "pit", "first"]);
    const { stdout } = await lite(["get", "pit", "-w", "json"]);
    const { revision } = (JSON.parse(stdout) as { header: { revision: number } }).header;
    await lite(["put", "pit", "second"]);
    const file = join(dir.path, "snap.db");
    const isShown = hasFeature(lab.local.version, "snapshotVersion");
    const storageVersion = `${lineOf(lab.local.version)}.0`;
    expect(await lite(["snapshot", "save", file])).toEqual({
      code: 0,
      stdout: `Snapshot saved at ${file}\n${isShown ? `Server version ${storageVersion}\n` : ""}`,
      stderr: "",
    });
    const status = (await lite(["snapshot", "status", file])).stdout;
    expect(status).toMatch(/^[0-9a-f]+, \d+, \d+, \d+ kB(, 3\.\d+\.0)?\n$/);
    expect(status.endsWith(`, ${storageVersion}\n`)).toBe(isShown);
    const verified = await lite(["snapshot", "verify", file]);
    expect(verified).toMatchObject({ code: 0, stderr: "" });
    expect(verified.stdout).toContain("is sound");
    const dataDir = join(dir.path, "restored");
    const restored = await lite([
      "snapshot",
      "restore",
      file,
      "--data-dir",
      dataDir,
      `--to-revision=${revision}`,
    ]);
    expect(restored).toMatchObject({ code: 0, stderr: "" });
    await using booted = await startLocalEtcd({ dataDir });
    const read = await lite(["get", "pit"], { endpoints: booted.endpoints.join(",") });
    expect(read.stdout).toBe("pit\nfirst\n");
  });

  test("a snapshot goes to stdout, and a file that exists is not overwritten", async () => {
    const { code, stderr } = await lite(["snapshot", "save", "-"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Snapshot of \d+ bytes written/);
    const file = join(dir.path, "snap.db");
    const before = await readFile(file);
    expect((await lite(["snapshot", "save", file])).code).toBe(5);
    expect(await readFile(file)).toEqual(before);
    expect((await readdir(dir.path)).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });
});

describe("what happened", () => {
  test("history shows every version of a key, and diff what differs between two revisions", async () => {
    const put = async (value: string): Promise<number> => {
      const { stdout } = await lite(["put", "/h/key", value, "-w", "json"]);
      return (JSON.parse(stdout) as { header: { revision: number } }).header.revision;
    };
    const first = await put("one");
    await lite(["put", "/h/other", "x"]);
    await put("two");
    const { stdout } = await lite(["history", "/h/key"]);
    expect(stdout).toMatch(/PUT +1 .*"one"\n.*PUT +2 .*"two"/);
    expect((await lite(["diff", "/h/", `--from-rev=${first}`])).stdout).toBe("~ /h/key\n+ /h/other\n");
  });
});

describe("backups", () => {
  test("a delta for a timer begins with a full, and prune says what goes before anything goes", async () => {
    const repository = ["--repository", join(dir.path, "timer")];
    await lite(["put", "timer", "0"]);
    expect(await lite(["backup", "create", "--delta", ...repository])).toMatchObject({ code: 1 });
    const first = await lite(["backup", "create", "--delta", "--auto", ...repository]);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining("-full-") });
    expect(first.stderr).toContain("a full is taken");
    const keepOne = [...repository, "--keep-last", "1", "--yes"];
    expect((await lite(["backup", "prune", ...keepOne])).stdout).toBe("nothing to remove\n");
    await lite(["put", "timer", "1"]);
    await lite(["backup", "create", ...repository]);
    const firstId = first.stdout.replace(/: revision[\s\S]*/, "");
    const told = await lite(["backup", "prune", "--dry-run", ...keepOne]);
    expect(told).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(`^would remove ${firstId}\nwould remove \\d+ chunks? `),
    });
    expect((await lite(["backup", "list", ...repository])).stdout).toContain(firstId);
    expect((await lite(["backup", "prune", ...keepOne])).stdout).toContain(`removed ${firstId}\n`);
    expect((await lite(["backup", "list", ...repository])).stdout.match(/ full /g)).toHaveLength(1);
  });

  test("a full and a delta are listed, verified and restored to the last revision", async () => {
    const repository = ["--repository", join(dir.path, "repository")];
    await lite(["put", "backed", "up"]);
    expect(await lite(["backup", "create", ...repository])).toMatchObject({ code: 0, stderr: "" });
    await lite(["put", "backed", "up again"]);
    expect(await lite(["backup", "create", "--delta", ...repository])).toMatchObject({ code: 0, stderr: "" });
    const listed = (await lite(["backup", "list", ...repository])).stdout;
    expect(listed).toMatch(/ full [\s\S]* delta /);
    expect(listed).toMatch(/^ID +KIND +REVISION +TIME +AGE +SIZE +PROVED\n/);
    expect(listed).toMatch(/ \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +\d+s /);
    expect((await lite(["backup", "verify", ...repository])).stdout).toBe("the repository is sound\n");
    const dataDir = join(dir.path, "from-repository");
    expect(await lite(["backup", "restore", ...repository, "--data-dir", dataDir])).toMatchObject({
      code: 0,
      stderr: "",
    });
    await using booted = await startLocalEtcd({ dataDir });
    const read = await lite(["get", "backed"], { endpoints: booted.endpoints.join(",") });
    expect(read.stdout).toBe("backed\nup again\n");
  });
});

describe("a keelson store", () => {
  test("quotas are set, listed and reconciled", async () => {
    expect(await lite(["quota", "set", "default", "count/pods=3"])).toMatchObject({ code: 0, stderr: "" });
    expect((await lite(["quota", "list"])).stdout).toMatch(/default +default +count\/pods +0 +3/);
    expect((await lite(["quota", "reconcile"])).stdout).toMatch(/^1 ledger checked, 0 corrected\n$/);
  });
});

describe("a kind in a group", () => {
  test("a quota on its plural alone is refused, since it would count Kubernetes' kind of that name", async () => {
    const Pod = namespacedKind("Pod", { group: "example.com" });
    await using client = await connectEtcd({ endpoints: lab.local.endpoints, requestTimeoutMs: patientMs });
    await using store = await createStore({
      etcd: client,
      kinds: [Pod],
      prefix: "/grouped/",
      compaction: false,
    });
    await store.resources(Pod).create({ metadata: { name: "web-1", namespace: "default" } });
    const at = ["--registry", "/grouped/"];
    const refused = await lite(["quota", "set", "default", "count/pods=3", ...at]);
    expect(refused).toMatchObject({ code: 128, stdout: "" });
    expect(refused.stderr).toContain("did you mean count/pods.example.com?");
    expect(await lite(["quota", "set", "default", "count/pods.example.com=3", ...at])).toMatchObject({
      code: 0,
    });
    expect((await lite(["quota", "list", ...at])).stdout).toMatch(/count\/pods\.example\.com +1 +3/);
  });
});

describe("objects", () => {
  test("resources get shows what a store has written, decoded", async () => {
    const Pod = namespacedKind("Pod");
    await using client = await connectEtcd({ endpoints: lab.local.endpoints, requestTimeoutMs: patientMs });
    {
      await using store = await createStore({ etcd: client, kinds: [Pod], compaction: false });
      const draft = { metadata: { name: "web-1", namespace: "default", labels: { app: "web" } } };
      await store.resources(Pod).create(draft);
    }
    const get = ["resources", "get", "pods", "-n", "default", "-l", "app=web"];
    expect(await lite([...get, "-o", "name"])).toEqual({ code: 0, stdout: "pods/web-1\n", stderr: "" });
    expect((await lite([...get, "-o", "yaml"])).stdout).toContain("  name: web-1\n");
    expect((await lite([...get, "-o", "json"])).stdout).toContain('"kind": "Pod"');
    expect((await lite([...get, "-w", "json"])).stdout).toBe((await lite([...get, "-o", "json"])).stdout);
    expect((await lite([...get, "-w", "fields"])).stderr).toContain("fields not supported as output format");
  });
});

describe("people", () => {
  test("a deletion of many is asked about on a terminal, and not done without a yes", async () => {
    await lite(["put", "/ask/1", "x"]);
    const refused = await lite(["del", "/ask/", "--prefix"], { tty: true, stdin: "n\n" });
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("This deletes 1 key.");
    expect((await lite(["del", "/ask/", "--prefix"], { tty: true, stdin: "y\n" })).stdout).toBe("1\n");
  });

  test("an endpoint where nothing listens is told as that, with what to do", async () => {
    const get = ["--dial-timeout=2s", "get", "x"];
    let ran = await lite(get, { endpoints: "http://127.0.0.1:1" });
    // Where the machine stood still for those two seconds nothing was found out.
    await until(async () => {
      if (ran.stderr.includes("connection refused")) return true;
      ran = await lite(get, { endpoints: "http://127.0.0.1:1" });
      return false;
    });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("Check --endpoints.");
  });

  test("https against a plaintext etcd is told as that", async () => {
    const endpoints = lab.local.endpoints.map((url) => url.replace("http:", "https:")).join(",");
    const { code, stderr } = await lite(["get", "x"], { endpoints });
    expect(code).toBe(1);
    expect(stderr).toContain("speaks plaintext");
  });

  test("brackets around an IPv4 address are accepted", async () => {
    const endpoints = lab.local.endpoints.map((url) => url.replace("127.0.0.1", "[127.0.0.1]")).join(",");
    expect((await lite(["endpoint", "health"], { endpoints })).code).toBe(0);
  });

  test("an unknown command names the nearest", async () => {
    const { code, stderr } = await lite(["defrga"]);
    expect(code).toBe(1);
    expect(stderr).toContain("Did you mean this?\n\tdefrag");
  });

  test("the completion script for bash is one that bash takes", async () => {
    const { stdout } = await lite(["completion", "bash"]);
    const { stdout: found } = await execute("bash", [
      "-c",
      `${stdout}\nCOMP_WORDS=(etcdctl-lite snapshot ver); COMP_CWORD=2; _etcdctl_lite; echo "\${COMPREPLY[@]}"`,
    ]);
    expect(found.trim()).toBe("verify");
  });
});
