/** `maintenance.downgrade` on every etcd there is: 3.6 goes down to 3.5 and back, 3.5 answers too, 3.4 has none. */
import { type Downgrade, readOnlyEtcd } from "keelson/etcd";
import { describe, expect, test } from "vitest";
import { lineOf } from "../../../../src/etcd/versions/release-lines.ts";
import { etcdBinaries } from "../../../support/etcd/etcd-binaries.ts";
import { hasFeature } from "../../../support/etcd/etcd-features.ts";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { skipNote } from "../../../support/skip-note.ts";

describe.each(await etcdBinaries())("etcd $version", ({ path, version }) => {
  const line = lineOf(version);
  const has = hasFeature(version, "downgrade");
  const tells = hasFeature(version, "statusOf36");
  const below = `3.${Number(line.split(".")[1]) - 1}`;

  const lab = etcdForAll({ binary: path });
  const status = () => lab.etcd.maintenance.status({ endpoint: lab.etcd.endpoints[0] ?? "" });
  const downgrade: Downgrade = {
    validate: (target) => lab.etcd.maintenance.downgrade.validate(target),
    enable: (target) => lab.etcd.maintenance.downgrade.enable(target),
    cancel: () => lab.etcd.maintenance.downgrade.cancel(),
  };

  test("a version that is none is refused before it is sent", async () => {
    const sent = lab.etcd.stats().requests["/etcdserverpb.Maintenance/Downgrade"];
    for (const bad of ["", "3", "v3.5", "3.5.0-rc.1", "latest"]) {
      await expect(downgrade.validate(bad)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { argument: "version" },
      });
      await expect(downgrade.enable(bad)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    expect(lab.etcd.stats().requests["/etcdserverpb.Maintenance/Downgrade"]).toBe(sent);
  });

  test.skipIf(has)(
    `has no downgrades, and the error says from when on${skipNote(has, `etcd ${version} has downgrades`)}`,
    async () => {
      for (const call of [downgrade.validate("3.3"), downgrade.enable("3.3"), downgrade.cancel()]) {
        await expect(call).rejects.toMatchObject({
          code: "INVALID_ARGUMENT",
          message: expect.stringContaining("expected etcd 3.5.0 or later"),
        });
      }
    },
  );

  test.skipIf(!has)(
    `takes the next lower version, and no other${skipNote(!has, `etcd ${version} has no downgrades`)}`,
    async () => {
      expect(await downgrade.validate(below)).toMatchObject({ header: { clusterId: expect.any(BigInt) } });
      await expect(downgrade.validate("3.2")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await expect(downgrade.enable("3.2.0")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    },
  );

  test.skipIf(!tells)(
    `goes down and back, and its status says so${skipNote(!tells, `the status of etcd ${version} tells no downgrade`)}`,
    async () => {
      expect(await status()).toMatchObject({ storageVersion: `${line}.0`, downgrade: { enabled: false } });
      const { clusterVersion } = await downgrade.enable(below);
      expect(clusterVersion).toBe(line);
      expect((await status()).downgrade).toEqual({ enabled: true, targetVersion: `${below}.0` });
      await expect(downgrade.enable(below)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await downgrade.cancel();
      expect((await status()).downgrade).toEqual({ enabled: false, targetVersion: undefined });
      // Answered alike, with nothing to cancel.
      await downgrade.cancel();
    },
  );

  test("the space quota is told, on the metrics page or in the status", async () => {
    const endpoint = lab.etcd.endpoints[0] ?? "";
    expect(await lab.etcd.maintenance.quotaBytes({ endpoint })).toBe(2n * 1024n ** 3n);
    const { databaseQuotaBytes, storageVersion } = await status();
    expect(storageVersion === undefined).toBe(!hasFeature(version, "statusOf36"));
    if (databaseQuotaBytes !== undefined) expect(databaseQuotaBytes).toBe(2n * 1024n ** 3n);
  });

  test("a connection for reading validates, and neither enables nor cancels", async () => {
    const reading = readOnlyEtcd(lab.etcd).maintenance.downgrade;
    await expect(reading.enable(below)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(reading.cancel()).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(reading.validate("none")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
