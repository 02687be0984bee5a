/** The pages of etcd's probes, as 3.4.23, 3.5.30 and 3.6.14 serve them. */
import { describe, expect, test } from "vitest";
import { probeOf, probePath, quotaBytesIn } from "../../../../src/etcd/services/probes.ts";

describe("probes", () => {
  test("a probe that holds names its checks", () => {
    const text = "[+]linearizable_read ok\n[+]non_learner ok\n[+]data_corruption ok\nok\n";
    expect(probeOf("readyz", { status: 200, text })).toEqual({
      ok: true,
      checks: ["linearizable_read", "non_learner", "data_corruption"].map((name) => ({
        name,
        ok: true,
        reason: undefined,
      })),
    });
    expect(probePath("readyz")).toBe("/readyz?verbose");
  });

  test("a probe that fails says which check, and why", () => {
    const text = "[+]serializable_read ok\n[-]linearizable_read failed: etcdserver: request timed out\n\n";
    expect(probeOf("readyz", { status: 503, text })).toEqual({
      ok: false,
      checks: [
        { name: "serializable_read", ok: true, reason: undefined },
        { name: "linearizable_read", ok: false, reason: "etcdserver: request timed out" },
      ],
    });
  });

  test("health is one check, with a reason from 3.5 on", () => {
    const health = (status: number, text: string): unknown => probeOf("health", { status, text })?.checks[0];
    expect(health(200, '{"health":"true"}')).toEqual({ name: "health", ok: true, reason: undefined });
    expect(health(503, '{"health":"false","reason":"RAFT NO LEADER"}\n')).toEqual({
      name: "health",
      ok: false,
      reason: "RAFT NO LEADER",
    });
  });

  test("another page, or none, is no probe", () => {
    expect(probeOf("livez", { status: 404, text: "404 page not found\n" })).toBeUndefined();
    expect(probeOf("livez", undefined)).toBeUndefined();
  });

  test("a quota that is no number, or 0, is not told", () => {
    expect(quotaBytesIn("etcd_server_quota_backend_bytes 2.147483648e+09\n")).toBe(2_147_483_648n);
    for (const value of ["0", "NaN", "x"]) {
      expect(quotaBytesIn(`etcd_server_quota_backend_bytes ${value}\n`)).toBeUndefined();
    }
  });
});
