/** `maintenance.probe` and `endpoint health --probes` on every etcd there is, sound and without a quorum. */
import { beforeAll, describe, expect, test } from "vitest";
import { requestFigures } from "../../../../tools/etcdctl-lite/commands/top/request-figures.ts";
import { etcdBinaries } from "../../../support/etcd/etcd-binaries.ts";
import { hasFeature } from "../../../support/etcd/etcd-features.ts";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { skipNote } from "../../../support/skip-note.ts";
import { until } from "../../../support/time/patience.ts";
import { liteAt } from "../../etcdctl-lite/lite.ts";

describe.each(await etcdBinaries())("etcd $version", ({ path, version }) => {
  const served = hasFeature(version, "probes");
  let endpoint: string;

  const lab = etcdForAll({ binary: path });
  beforeAll(async () => {
    [endpoint = ""] = lab.etcd.endpoints;
  });

  test("a sound member is live, ready and healthy, where it serves probes", async () => {
    expect(await lab.etcd.maintenance.probe("health", { endpoint })).toMatchObject({ ok: true });
    const livez = await lab.etcd.maintenance.probe("livez", { endpoint });
    const readyz = await lab.etcd.maintenance.probe("readyz", { endpoint });
    expect([livez?.ok, readyz?.ok]).toEqual(served ? [true, true] : [undefined, undefined]);
    if (served) {
      const names = readyz?.checks.map(({ name }) => name) ?? [];
      expect(names).toEqual(expect.arrayContaining(["data_corruption", "serializable_read"]));
    }
  });

  test("etcdctl-lite shows them on demand, in every format", async () => {
    const lite = liteAt(lab.local.endpoints);
    const text = served ? "ok" : "not served";
    const simple = await lite(["endpoint", "health", "--probes"]);
    expect(simple.stdout).toContain(`livez: ${text}\n`);
    expect(simple.stdout).toContain(`readyz: ${text}\n`);
    const [health] = JSON.parse((await lite(["endpoint", "health", "--probes", "-w", "json"])).stdout) as [
      object,
    ];
    expect(health).toMatchObject(served ? { livez: "ok", readyz: "ok" } : { health: true });
    expect((await lite(["endpoint", "health", "--probes", "-w", "table"])).stdout).toContain("READYZ");
    expect((await lite(["endpoint", "health", "--probes", "-w", "fields"])).stdout).toContain('"Readyz" : ');
    expect((await lite(["endpoint", "health", "-w", "table"])).stdout).not.toContain("READYZ");
  });

  test("the metrics that top reads have the same names in every line", async () => {
    await lab.etcd.kv.put({ key: "counted", value: "" });
    await using watch = lab.etcd.watches.open({ key: "counted" });
    await watch.ready();
    const figures = requestFigures([await lab.etcd.maintenance.metrics({ endpoint })]);
    expect(figures.requests.get("Put")).toBeGreaterThan(0);
    expect(figures).toMatchObject({ members: 1, watchers: 1 });
  });

  test("another name is refused before it is asked for", async () => {
    // @ts-expect-error: no probe of etcd
    const probed = lab.etcd.maintenance.probe("startup", { endpoint });
    await expect(probed).rejects.toMatchObject({ code: "INVALID_ARGUMENT", details: { argument: "name" } });
  });

  // Last: there is no way back.
  test.skipIf(!served)(
    `without a quorum a member is live and not ready${skipNote(!served, `etcd ${version} has no livez and readyz`)}`,
    async () => {
      await lab.etcd.cluster.add({ peerUrls: ["http://127.0.0.1:1"] });
      await until(async () => {
        const readyz = await lab.etcd.maintenance.probe("readyz", { endpoint });
        return readyz?.checks.find(({ name }) => name === "linearizable_read")?.ok === false;
      }, "the member says that it is not ready");
      expect(await lab.etcd.maintenance.probe("livez", { endpoint })).toMatchObject({ ok: true });
      const health = await lab.etcd.maintenance.probe("health", { endpoint });
      expect(health).toMatchObject({ ok: false, checks: [{ name: "health", reason: expect.any(String) }] });
    },
  );
});
