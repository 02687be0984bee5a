/** What the store promises under load: no update lost, one version per walk, one winner per create. */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createStore } from "keelson";
import { describe, expect, test } from "vitest";
import { machineKind, widget, widgetKind } from "../conformance/implementation.ts";
import { compileSources } from "../support/compiled-sources.ts";
import { etcdBinaries } from "../support/etcd/etcd-binaries.ts";
import { connect } from "../support/etcd/etcd-cases.ts";
import { storeForAll } from "../support/etcd/real-etcd.ts";
import { patientMs, until } from "../support/time/patience.ts";

/** Creates the same names as its sibling, in the same order, and tells which ones it won. */
const racer = (endpoint: string): string => `
import { connectEtcd } from "./src/etcd/index.js";
import { createStore, defineKind } from "./src/index.js";
const machine = defineKind({ version: "v1", kind: "Machine", plural: "machines", scope: "Cluster" });
const etcd = await connectEtcd({ endpoints: ${JSON.stringify(endpoint)}, requestTimeoutMs: ${patientMs} });
const store = await createStore({ etcd, kinds: [machine], compaction: false });
process.stdout.write("ready\\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
const machines = store.resources(machine);
const outcomes = [];
const race = async (i) => {
  try {
    const made = await machines.create({ metadata: { name: "m-" + i }, spec: { zone: String(process.pid) } });
    outcomes.push([i, "won", made.metadata.uid]);
  } catch (error) {
    outcomes.push([i, error.code]);
  }
};
for (let from = 0; from < 200; from += 20) await Promise.all(Array.from({ length: 20 }, (_, i) => race(from + i)));
await store.close();
await etcd.close();
process.stdout.write(JSON.stringify(outcomes) + "\\n", () => process.exit(0));
`;

describe.each(await etcdBinaries())("store on etcd $version", ({ path }) => {
  const lab = storeForAll({ binary: path }, { kinds: [widgetKind, machineKind] });

  test("64 concurrent guaranteedUpdates through two stores end at exactly 64", async () => {
    const secondEtcd = await connect(lab.local.endpoints);
    const second = await createStore({ etcd: secondEtcd, kinds: [widgetKind], compaction: false });
    await lab.store.resources(widgetKind).create(widget("default", "counter", 0));
    const key = { namespace: "default", name: "counter" };
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, i) =>
        (i % 2 === 0 ? lab.store : second).resources(widgetKind).guaranteedUpdate(key, (current) => ({
          ...current,
          spec: { size: current.spec.size + 1 },
        })),
      ),
    );
    const own = results.map(({ spec }) => spec.size).sort((a, b) => a - b);
    expect(own).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
    expect((await lab.store.resources(widgetKind).get(key)).spec.size).toBe(64);
    await second.close();
    await secondEtcd.close();
  });

  test("10,000 objects walked by 500 while writers churn are the set at the first page's version", async () => {
    const widgets = lab.store.resources(widgetKind);
    await lab.store.namespaces.create({ metadata: { name: "walked" } });
    const drafts = Array.from({ length: 10_000 }, (_, i) =>
      widget("walked", `w-${String(i).padStart(5, "0")}`, i),
    );
    const outcomes = await widgets.createMany(drafts);
    expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
    let churning = true;
    let changes = 0;
    const churn = async (worker: number): Promise<void> => {
      for (let i = worker; churning; i += 97) {
        const name = `w-${String(i % 10_000).padStart(5, "0")}`;
        await widgets.delete({ namespace: "walked", name });
        await widgets.create(widget("walked", name));
        await widgets.create(widget("walked", `x-${worker}-${i}`));
        changes++;
      }
    };
    const writers = [1, 2, 3, 4].map(churn);
    const first = await widgets.list({ namespace: "walked", limit: 500 });
    const expected = await widgets.list({
      namespace: "walked",
      read: { consistency: "exact", resourceVersion: first.resourceVersion },
    });
    const walked = [...first.items];
    for (let page = first; page.continueToken !== undefined; ) {
      page = await widgets.list({ namespace: "walked", limit: 500, continueToken: page.continueToken });
      expect(page.resourceVersion).toBe(first.resourceVersion);
      walked.push(...page.items);
    }
    churning = false;
    await Promise.all(writers);
    expect(changes).toBeGreaterThan(0);
    const text = (items: typeof walked): readonly string[] =>
      items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
    expect(text(walked)).toEqual(text([...expected.items]));
    expect(walked.length).toBeGreaterThanOrEqual(9_996);
  });

  test("two processes racing on create: exactly one wins each name", async () => {
    await using compiled = await compileSources();
    const script = join(compiled.folder, "racer.js");
    await writeFile(script, racer(lab.local.endpoints[0] ?? ""));
    const racers = [1, 2].map(() => {
      const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
      let text = "";
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      return { child, text: () => text };
    });
    await until(() => racers.every(({ text }) => text().startsWith("ready\n")));
    const ended = racers.map(({ child }) => new Promise((resolve) => child.once("close", resolve)));
    for (const { child } of racers) child.stdin.write("go\n");
    expect(await Promise.all(ended)).toEqual([0, 0]);
    const winners = new Map<number, string[]>();
    let losses = 0;
    for (const { text } of racers) {
      for (const [i, outcome, uid] of JSON.parse(text().slice("ready\n".length)) as [
        number,
        string,
        string,
      ][]) {
        if (outcome === "won") winners.set(i, [...(winners.get(i) ?? []), uid]);
        else {
          expect(outcome).toBe("ALREADY_EXISTS");
          losses++;
        }
      }
    }
    expect([winners.size, losses]).toEqual([200, 200]);
    const { items } = await lab.store.resources(machineKind).list();
    for (const { metadata } of items) {
      expect(winners.get(Number(metadata.name.slice(2)))).toEqual([metadata.uid]);
    }
  });
});
