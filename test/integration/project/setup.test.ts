/**
 * Set-up on a machine without etcd. The package manager is a scripted one on a PATH of the test's own, so that it
 * can be reached, lack a suite, or be unreachable; what it delivers is a program that says an etcd version.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { projectFolder } from "../../support/project-run.ts";
import { skipNote } from "../../support/skip-note.ts";

const hasApt = existsSync("/etc/apt") && existsSync("/usr/bin/apt-get");
let folder = "";
let bin = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keelson setup "));
  bin = join(folder, "bin");
  await mkdir(bin);
  await cp(join(projectFolder, "scripts"), join(folder, "scripts"), { recursive: true });
  // Nothing to install: what is fetched here is etcd.
  await mkdir(join(folder, "node_modules"));
  const lock = JSON.stringify({ packages: {} });
  await writeFile(join(folder, "package-lock.json"), lock);
  await writeFile(join(folder, "node_modules", ".package-lock.json"), lock);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}

/** An apt that offers `version` in `suite`, read from the sources it is given; every other suite is unknown to it. */
async function apt(suite: string, version: string): Promise<void> {
  await program("apt-config", "echo 'APT::Architecture \"amd64\";'");
  const offers = `grep -rqw "${suite}" "$(dirname "$APT_CONFIG")/sources.list.d"`;
  await program(
    "apt-get",
    `if [ "$1" = update ]; then ${offers} || echo 'E: 404 Not Found'; else : > a.deb; fi`,
  );
  const lines = ["etcd-server", "etcd-client"].map((name) => `echo '${name} | ${version} | x'`).join(";");
  await program("apt-cache", `if ${offers}; then ${lines}; fi`);
  const etcd = `printf '#!/bin/sh\\necho etcd Version: ${version.split("-")[0]}\\n'`;
  await program("dpkg-deb", `mkdir -p "$3/usr/bin"; ${etcd} > "$3/usr/bin/etcd"; chmod +x "$3/usr/bin/etcd"`);
}

async function setUp(...args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [join(folder, "scripts", "setup.mjs"), "--no-build", ...args], {
    env: { PATH: `${bin}:/usr/bin:/bin`, HOME: folder },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = await once(child, "close");
  return { code: code as number | null, stderr };
}

describe.skipIf(!hasApt)(
  `set-up without an etcd, on a machine with apt${skipNote(!hasApt, "no apt here")}`,
  () => {
    test("fetches the preferred version from a newer suite and finds it again", async () => {
      await apt("trixie\\|questing", "3.5.99-1");
      expect(await setUp()).toMatchObject({ code: 0 });
      const again = await setUp();
      expect(again).toMatchObject({ code: 0 });
      expect(again.stderr).toContain("etcd 3.5.99 found: .cache/etcd/3.5.99/usr/bin/etcd (cache)");
      // Neither lists nor packages are left behind.
      expect(await readdir(join(folder, ".cache", "etcd"))).toEqual(["3.5.99"]);
    });

    test("two at once share what the first one fetches", async () => {
      await apt("trixie\\|questing", "3.5.99-1");
      const [one, two] = await Promise.all([setUp(), setUp()]);
      expect([one.code, two.code]).toEqual([0, 0]);
      expect(`${one.stderr}${two.stderr}`.match(/etcd 3.5.99 fetched/g)).toHaveLength(1);
    });

    test("fetches a version that is asked for beside the one there is", async () => {
      await apt("trixie\\|questing", "3.5.99-1");
      await setUp();
      await apt("bookworm\\|noble", "3.4.88-2");
      expect(await setUp("--etcd", "3.4")).toMatchObject({ code: 0 });
      expect((await readdir(join(folder, ".cache", "etcd"))).sort()).toEqual(["3.4.88", "3.5.99"]);
    });

    test("with the archive unreachable says what is missing and how to get it", async () => {
      await apt("none", "0");
      await program("apt-get", "echo 'W: Failed to fetch http://mirror.example/x  Could not connect'");
      const { code, stderr } = await setUp();
      expect(code).toBe(1);
      expect(stderr).toContain("etcd 3.5 is missing and could not be fetched");
      expect(stderr).toContain("Could not connect");
      expect(stderr).toContain("apt-get install etcd-server etcd-client");
      expect(stderr).toContain("KEELSON_ETCD=/path/to/etcd");
      // Told once: an archive that does not answer is not asked for its other suites.
      expect(stderr.match(/Tried:/g)).toHaveLength(1);
    });
  },
);

test("set-up refuses a version that is none", async () => {
  const { code, stderr } = await setUp("--etcd", "latest");
  expect(code).toBe(1);
  expect(stderr).toContain('--etcd is "latest", expected a version');
});
