/** `lock` and `elect`: what etcdctl 3.5.30 prints and exits with, as recorded by hand beside it. */
import { expect, test } from "vitest";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { liteAt } from "../lite.ts";

const lab = processForAll();
const lite: ReturnType<typeof liteAt> = (args, options) => liteAt(lab.local.endpoints)(args, options);

test("bad numbers of arguments end with etcdctl's words and code 128", async () => {
  for (const [line, message] of [
    [["lock"], "lock takes a lock name argument and an optional command to execute"],
    [["elect"], "elect takes one election name argument and an optional proposal argument"],
    [["elect", "a", "b", "c"], "elect takes one election name argument and an optional proposal argument"],
    [["elect", "a"], "no proposal argument but -l not set"],
  ] as const) {
    const ran = await lite(line);
    expect([ran.code, ran.stderr]).toEqual([128, expect.stringContaining(`Error: ${message}\n`)]);
  }
});

test("a command runs under the lock, with its key and fence, and gives its exit code", async () => {
  const ran = await lite(["lock", "jobs", "--", "sh", "-c", "echo $ETCD_LOCK_KEY $ETCD_LOCK_REV; exit 3"]);
  expect(ran.stdout).toMatch(/^jobs\/[0-9a-f]+ \d+\n$/);
  expect(ran).toMatchObject({ code: 3, stderr: expect.stringContaining("exit status 3") });
  expect(await lite(["lock", "jobs", "true"])).toMatchObject({ code: 0, stdout: "" });
  expect(await lite(["lock", "jobs", "no-such-program"])).toMatchObject({ code: 1 });
  expect((await lite(["get", "jobs/", "--prefix"])).stdout).toBe("");
});

test("the lock is held until the command is ended; a second one waits", async () => {
  const ends = [new AbortController(), new AbortController()] as const;
  let first: () => void = () => {};
  const shown = new Promise<void>((resolve) => (first = resolve));
  const one = lite(["lock", "jobs"], { signal: ends[0].signal, onBytes: () => first() });
  await shown;
  let printed = false;
  let second: () => void = () => {};
  const shownToo = new Promise<void>((resolve) => (second = resolve));
  const two = lite(["lock", "jobs"], {
    signal: ends[1].signal,
    onBytes: () => {
      printed = true;
      second();
    },
  });
  while ((await lite(["get", "jobs/", "--prefix", "--keys-only"])).stdout.trim().split(/\n+/).length < 2);
  expect(printed).toBe(false);
  ends[0].abort();
  expect((await one).stdout).toMatch(/^jobs\/[0-9a-f]+\n\n$/);
  await shownToo;
  ends[1].abort();
  await two;
});

test("elect leads and shows its proposal; --listen shows each leader", async () => {
  const lead = new AbortController();
  const listen = new AbortController();
  const shown = { led: false, heard: false };
  // Ended when both have shown it: whichever is first must not end the other in the middle.
  const note = (who: keyof typeof shown) => (soFar: Buffer) => {
    shown[who] ||= soFar.toString().includes("10.0.0.1");
    if (shown.led && shown.heard) lead.abort();
  };
  const heard = lite(["elect", "masters", "--listen"], { signal: listen.signal, onBytes: note("heard") });
  const led = await lite(["elect", "masters", "10.0.0.1"], { signal: lead.signal, onBytes: note("led") });
  expect(led.stdout).toMatch(/^masters\/[0-9a-f]+\n10\.0\.0\.1\n$/);
  listen.abort();
  expect((await heard).stdout).toBe(led.stdout);
});

test("whoever holds a lock that is taken away ends with 1", async () => {
  let key = "";
  let first: () => void = () => {};
  const shown = new Promise<void>((resolve) => (first = resolve));
  const held = lite(["lock", "jobs"], {
    onBytes: (soFar) => {
      key = soFar.toString().split("\n")[0] ?? "";
      first();
    },
  });
  await shown;
  await lite(["del", key]);
  expect(await held).toMatchObject({ code: 1, stderr: expect.stringContaining("session expired") });
});
