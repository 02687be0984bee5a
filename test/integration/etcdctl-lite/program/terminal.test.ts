/**
 * No control character of a key, a value, a name, an argument or a message reaches a terminal, whichever command prints it: every
 * command there is, with hostile arguments in every format, and those that show data over hostile data.
 */
import { createStore } from "keelson";
import { connectEtcd } from "keelson/etcd";
import { beforeAll, describe, expect, test } from "vitest";
import { leaves } from "../../../../tools/etcdctl-lite/cli/help.ts";
import { holdsControls } from "../../../../tools/etcdctl-lite/text/printable.ts";
import { tree } from "../../../../tools/etcdctl-lite/tree.ts";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { namespacedKind } from "../../../support/kinds.ts";
import { liteAt } from "../lite.ts";

/** A title, a cleared screen, a C1 CSI, a backspace, a carriage return, a delete, and text turned round; `ſ` is no control. */
const hostile = "x\u001b]0;title\u0007\u001b[2J\u009b31mé\b\r\u007f\u202eſ";
/** What the tool itself sends: colours, the line of the progress bar, the cleared screen of top. */
const own = /\u001b\[(?:0|1|2|31|32|33)m|\r\u001b\[K|\u001b\[H\u001b\[J/g;
const leaks = (text: string): boolean => holdsControls(text.replace(own, ""));

/** Commands that go on until they are ended. */
const endless = new Set([
  "watch",
  "lock",
  "elect",
  "top",
  "ui",
  "lease keep-alive",
  "backup run",
  "make-mirror",
  "check perf",
  "check datascale",
]);
let lite: ReturnType<typeof liteAt>;
const lab = processForAll();
beforeAll(async () => {
  lite = liteAt(lab.local.endpoints);
  await using client = await connectEtcd({ endpoints: lab.local.endpoints });
  for (const key of [hostile, `/registry/${hostile}/a`, `/a/${hostile}`, "plain"]) {
    await client.kv.put({ key, value: hostile });
  }
  await client.auth.roleAdd(hostile);
  await client.auth.userAdd(hostile, { password: "secret" });
  await client.auth.userGrantRole(hostile, hostile);
  await client.auth.roleGrantPermission(hostile, {
    type: "read",
    key: Buffer.from(hostile),
    rangeEnd: Buffer.from(`${hostile}z`),
  });
  const ConfigMap = namespacedKind("ConfigMap");
  await using store = await createStore({ etcd: client, kinds: [ConfigMap], compaction: false });
  const data = { [hostile]: hostile };
  const annotations = { note: hostile };
  await store
    .resources(ConfigMap)
    .create({ metadata: { namespace: "default", name: "odd", annotations }, data } as never);
  await store.quotas.set("default", { hard: { [`example.com/${"q"}`]: 1 } });
});

async function shown(args: readonly string[], isEndless: boolean): Promise<string> {
  const signal = isEndless ? AbortSignal.timeout(700) : undefined;
  const { stdout, stderr } = await lite(args, { tty: true, ...(signal === undefined ? {} : { signal }) });
  return stdout + stderr;
}

describe.each(leaves(tree.nodes, []).map(({ path }) => path))("%s %s", (...path) => {
  test("echoes no control character of its arguments", async () => {
    const words = path.filter((word) => typeof word === "string");
    const isEndless = endless.has(words.join(" "));
    // Nothing can be made there, where a command takes it for a path.
    const word = `/dev/null/${hostile}`;
    for (const rest of [[], [word], [word, word], [`--${hostile}`], [`--write-out=${hostile}`]]) {
      const text = await shown([...words, ...rest], isEndless);
      expect(leaks(text), JSON.stringify([words, rest, text])).toBe(false);
    }
  }, 60_000);
});

describe.each(["simple", "json", "fields", "table", "protobuf"])("over hostile data, -w %s", (format) => {
  test.each([
    ["get", "", "--prefix"],
    ["get", hostile, "--print-value-only"],
    ["get", "/registry/", "--prefix", "--decode"],
    ["history", hostile],
    ["history", "/registry/configmaps/default/odd", "--decode"],
    ["diff", "--revision=1", "--to-revision=9", "--values"],
    ["diff", "2", "9", "--values"],
    ["put", hostile, hostile, "--prev-kv"],
    ["del", "plain", "--prev-kv"],
    ["undelete", "plain", "--dry-run"],
    ["role", "get", hostile],
    ["role", "list"],
    ["user", "get", hostile],
    ["user", "get", hostile, "--detail"],
    ["user", "list"],
    ["member", "list"],
    ["endpoint", "status"],
    ["endpoint", "health"],
    ["quota", "list"],
    ["resources", "list"],
    ["resources", "get", "configmaps", "-o", "yaml"],
    ["resources", "get", "configmaps", "-o", "json"],
    ["resources", "get", "configmaps", "-o", "jsonpath={.items[*].data}"],
    ["resources", "get", "configmaps", "-A"],
    ["top", "--once"],
    ["doctor"],
  ])("%s %s %s %s", async (...args) => {
    const text = await shown(
      [...args.filter((word) => typeof word === "string"), `--write-out=${format}`],
      false,
    );
    expect(leaks(text), JSON.stringify([args, text])).toBe(false);
  });
});

test("the tool's own colours and its screen reach the terminal, and what is piped is passed as it is", async () => {
  expect(await shown(["top"], true)).toContain("\u001b[H\u001b[J");
  expect(await shown(["doctor"], false)).toMatch(/\u001b\[3[123]m/);
  expect((await lite(["get", hostile])).stdout).toBe(`${hostile}\n${hostile}\n`);
});
