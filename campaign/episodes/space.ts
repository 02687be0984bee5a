/** F12, F13: the database reaches its quota, and comes back: compacted, defragmented, disarmed under the exact member id. */
import { setTimeout as delay } from "node:timers/promises";
import { isStoreError } from "keelson";
import { directUrl } from "../cluster/campaign-cluster.ts";
import { Relic } from "../traffic/kinds.ts";
import { boundMs, broken, codeOf, type Play, type Scene } from "./episode.ts";

const alarm = { kind: "F12", name: "quota alarm" } as const;
const recovery = { kind: "F13", name: "alarm recovery" } as const;

/** More than the set-up and half a minute of traffic write. */
const quotaBytes = 48 * 1024 * 1024;
/** Fits etcd's 1.5 MiB of a request. */
const fillBytes = 1_200_000;
const fillsMax = 200;
/** Higher than any revision. */
const endless = 2n ** 63n;
/** Traffic under the alarm. */
const holdMs = 2_500;
const timeoutMs = 20_000;

export const space: Play = {
  name: "a full database",
  episodes: [alarm, recovery],
  prepare: async () => ({ cluster: { extraArgs: [`--quota-backend-bytes=${quotaBytes}`] } }),
  async act(scene) {
    await scene.episode(alarm, "all members", () => fillUp(scene));
    await scene.episode(recovery, "all members", () => recover(scene));
  },
};

async function fillUp(scene: Scene): ReturnType<Parameters<Scene["episode"]>[2]> {
  const { store, witness } = scene.stage;
  const { kv, leases, maintenance } = scene.etcd;
  const relics = store.resources(Relic);
  const { at } = await scene.relic();
  const value = new Uint8Array(fillBytes);
  const from = witness.revision;
  // From here on deletes are sent without their ledger part, however the play ends.
  scene.quotasHigh = { from, to: endless };
  let full = false;
  for (let i = 0; i < fillsMax && !full; i++) {
    full = await kv.put({ key: `/fill/${i}`, value }, { timeoutMs, requestTimeoutMs: timeoutMs }).then(
      () => false,
      (error: unknown) => isStoreError(error, "NO_SPACE"),
    );
  }
  await delay(holdMs);
  const alarms = await maintenance.alarms({ timeoutMs });
  const create = await codeOf(scene.relic());
  const grant = await codeOf(leases.grant({ ttlSeconds: 60 }, { timeoutMs }));
  const read = await codeOf(relics.get(at, { timeoutMs }));
  const deletion = await codeOf(relics.delete(at, { timeoutMs }));
  const bit = full && alarms.some(({ type }) => type === "NOSPACE");
  return {
    bite: bit ? `${alarms.length} members raised NOSPACE, a create got ${create}` : undefined,
    broken: !bit
      ? []
      : broken(
          [create === "NO_SPACE", `a create in a full database got ${create}, expected NO_SPACE`],
          [grant === "NO_SPACE", `a lease in a full database got ${grant}, expected NO_SPACE`],
          [read === "OK", `a read in a full database got ${read}`],
          [deletion === "OK", `a delete in a full database got ${deletion}`],
        ),
  };
}

async function recover(scene: Scene): ReturnType<Parameters<Scene["episode"]>[2]> {
  const { cluster, store, witness } = scene.stage;
  const { kv, maintenance } = scene.etcd;
  await kv.deleteRange({ key: "/fill/", rangeEnd: "/fill0" }, { timeoutMs, requestTimeoutMs: timeoutMs });
  const { header } = await kv.range({ key: "/fill/" }, { timeoutMs });
  // The witness must have read what is compacted next.
  await witness.reached(header.revision, boundMs);
  await kv.compact(header.revision, { timeoutMs, physical: true });
  for (const member of cluster.members) {
    const endpoint = directUrl(member);
    await maintenance.defragment({ endpoint, timeoutMs, requestTimeoutMs: timeoutMs });
  }
  const before = await codeOf(scene.relic());
  const alarms = await maintenance.alarms({ timeoutMs });
  for (const raised of alarms) await maintenance.disarm(raised, { timeoutMs });
  const left = await maintenance.alarms({ timeoutMs });
  const after = await codeOf(scene.relic());
  const counted = await codeOf(store.quotas.reconcile(undefined, { timeoutMs: boundMs }));
  const { header: now } = await kv.range({ key: "/fill/" }, { timeoutMs });
  const { from = 0n } = scene.quotasHigh ?? {};
  scene.quotasHigh = { from, to: now.revision };
  return {
    bite:
      before === "NO_SPACE"
        ? `with space again a create got NO_SPACE until ${alarms.length} alarms were disarmed`
        : undefined,
    broken: broken(
      [left.length === 0, `${left.length} alarms are left after disarming each under its own id`],
      [counted === "OK", `after the alarms quotas.reconcile() got ${counted}`],
      [after === "OK", `after the alarms a create got ${after}`],
    ),
  };
}
