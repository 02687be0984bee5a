/** Set-up's own parts: the lock between two set-ups, stale node_modules, the order of etcds. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compareVersions, isVersion } from "../../../scripts/setup/find-etcd.mjs";
import { withLock } from "../../../scripts/setup/lock.mjs";
import { whyStale } from "../../../scripts/setup/packages.mjs";
import { lastWords, run } from "../../../scripts/setup/run.mjs";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keelson-setup-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("withLock()", () => {
  test("lets one in at a time", async () => {
    const path = join(folder, "lock");
    let inside = 0;
    let most = 0;
    const visit = (): Promise<void> =>
      withLock(path, async () => {
        inside++;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
      });
    await Promise.all([visit(), visit(), visit()]);
    expect(most).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  test("takes over what a dead process left", async () => {
    const path = join(folder, "lock");
    // A process that has ended for sure: one of ours.
    const { stdout } = await run(process.execPath, ["-p", "process.pid"]);
    writeFileSync(path, JSON.stringify({ pid: Number(stdout), host: hostname() }));
    expect(await withLock(path, async () => "in")).toBe("in");
  });

  test("is free again after a failure", async () => {
    const path = join(folder, "lock");
    await expect(withLock(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await withLock(path, async () => "in")).toBe("in");
  });
});

describe("whyStale()", () => {
  const lock = {
    "": {},
    "node_modules/a": { version: "1.0.0" },
    "node_modules/o": { version: "1.0.0", optional: true },
  };
  const install = (packages: object | undefined): void => {
    writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages: lock }));
    if (packages === undefined) return;
    mkdirSync(join(folder, "node_modules"));
    writeFileSync(join(folder, "node_modules", ".package-lock.json"), JSON.stringify({ packages }));
  };

  test.each([
    ["nothing installed", undefined, "node_modules is missing"],
    ["all of this platform", { "node_modules/a": { version: "1.0.0" } }, undefined],
    [
      "another version",
      { "node_modules/a": { version: "0.9.0" } },
      "node_modules/a is 0.9.0, the lock says 1.0.0",
    ],
    ["a package short", {}, "node_modules/a is missing"],
    [
      "a package too many",
      { "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "1.0.0" } },
      "node_modules/b is not in the lock",
    ],
  ])("with %s", (_, installed, reason) => {
    install(installed);
    expect(whyStale(folder)).toBe(reason);
  });
});

describe("versions", () => {
  test("compareVersions() orders by number, not by text", () => {
    expect(["3.5.9", "3.10.0", "3.5.16", "3.4"].sort(compareVersions)).toEqual([
      "3.4",
      "3.5.9",
      "3.5.16",
      "3.10.0",
    ]);
  });

  test("isVersion() takes a beginning of numbers", () => {
    expect([isVersion("3.5.16", "3.5"), isVersion("3.5.16", "3.5.1"), isVersion("3.5.16", "3.5.16")]).toEqual(
      [true, false, true],
    );
  });
});

describe("run()", () => {
  test("ends a program that makes no progress", async () => {
    const result = await run(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
      watchdog: { progress: () => 0, firstMs: 1, idleMs: 1 },
    });
    expect(result).toMatchObject({ ok: false, stalled: true });
  });

  test("tells a program that cannot be started", async () => {
    const result = await run(join(folder, "no-such-program"), []);
    expect(result.ok).toBe(false);
    expect(result.output).toContain("ENOENT");
  });

  test.each([
    [
      "apt",
      "Err:1 http://x\nW: Failed to fetch http://x  Could not connect\nE: Some index files failed",
      "Failed to fetch http://x  Could not connect",
    ],
    [
      "npm",
      "npm error code ENOTFOUND\nnpm error syscall getaddrinfo\nnpm error network request failed",
      "network request failed",
    ],
    ["a silent program", "", "it said nothing"],
  ])("lastWords() of %s", (_, output, words) => {
    expect(lastWords(output)).toBe(words);
  });
});
