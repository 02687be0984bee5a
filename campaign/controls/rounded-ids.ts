/**
 * N13: 64-bit ids go through a JavaScript number. An alarm disarmed under the rounded id of its member stays, and etcd
 * reports no error.
 */
import { isStoreError } from "keelson";
import type { Alarm } from "keelson/etcd";
import type { Control, Played, Setting } from "./control.ts";
import { Doc, Lab } from "./lab.ts";
import { RecordedDocs } from "./recorded-docs.ts";

const quotaBytes = 16 * 1024 * 1024;
/** Fits etcd's 1.5 MiB of a request. */
const fillBytes = 1_200_000;
const fillsMax = 100;

const rounded = (alarm: Alarm): Alarm => ({ ...alarm, memberId: BigInt(Number(alarm.memberId)) });

export const roundedIds: Control = {
  name: "N13",
  sabotage: "the member's id of an alarm is rounded to a double",
  caughtBy: ["C8"],
  rules: ["slow recovery"],
  duration: "short",
  async play(setting) {
    for (;;) {
      const played = await playOnce(setting);
      // One member id in a thousand is exactly a double, so nothing is rounded; another etcd has another id.
      if (played !== undefined) return played;
    }
  },
};

async function playOnce({ sabotaged, binary }: Setting): Promise<Played | undefined> {
  await using lab = await Lab.open({ binary, extraArgs: [`--quota-backend-bytes=${quotaBytes}`] });
  const { kv, maintenance } = lab.etcd;
  const [endpoint = ""] = lab.server.endpoints;
  const docs = new RecordedDocs(lab, "writer", (await lab.store(lab.etcd)).resources(Doc));
  await docs.create("before", "v-before");
  const startNs = lab.now();
  const value = new Uint8Array(fillBytes);
  for (let i = 0; ; i++) {
    if (i === fillsMax) throw new Error("etcd does not become full");
    try {
      await kv.put({ key: "/fill", value });
    } catch (error) {
      if (!isStoreError(error, "NO_SPACE")) throw error;
      break;
    }
  }
  await kv.deleteRange({ key: "/fill" });
  const { header } = await kv.range({ key: "/fill" });
  await kv.compact(header.revision, { physical: true });
  await maintenance.defragment({ endpoint, timeoutMs: 30_000 });
  const alarms = await maintenance.alarms();
  if (alarms.length === 0) throw new Error("etcd raised no alarm");
  if (alarms.every((alarm) => rounded(alarm).memberId === alarm.memberId)) return undefined;
  for (const alarm of alarms) await maintenance.disarm(sabotaged ? rounded(alarm) : alarm);
  const endNs = lab.now();
  lab.sink.write({ line: "fault", id: "1", kind: "F13", name: "alarm", target: "etcd", startNs, endNs });
  await docs.create("after", "v-after");
  return { history: lab.history() };
}
