/**
 * Parses a member's pages: the space quota among its metrics, and etcd's health probes.
 *
 *   /health             {"health":"true","reason":""}      200 or 503; 3.4 gives no reason
 *   /livez, /readyz     [+]serializable_read ok             one line per check, 200 or 503
 *                       [-]data_corruption failed: alarm …
 */
import type { Probe, ProbeName } from "../ports/maintenance.ts";
import type { MemberPage } from "./member-page.ts";

const quotaMetric = /^etcd_server_quota_backend_bytes (\S+)$/m;
const checkLine = /^\[([+-])\](\S+)(?: ok| failed: (.*))?$/gm;

/** The space quota (etcd --quota-backend-bytes): etcd 3.6 reports it in its status, older versions only on this page. */
export function quotaBytesIn(metrics: string | undefined): bigint | undefined {
  const text = metrics === undefined ? undefined : quotaMetric.exec(metrics)?.[1];
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value > 0 ? BigInt(value) : undefined;
}

/** `verbose`: a passing probe lists its checks, too. */
export const probePath = (name: ProbeName): string => (name === "health" ? "/health" : `/${name}?verbose`);

/** Undefined for a page that is not a probe's response: this member has none. */
export function probeOf(name: ProbeName, page: MemberPage | undefined): Probe | undefined {
  if (page === undefined || (page.status !== 200 && page.status !== 503)) return undefined;
  const ok = page.status === 200;
  if (name === "health") {
    const reason = healthReason(page.text);
    return { ok, checks: [{ name: "health", ok, reason: reason === "" ? undefined : reason }] };
  }
  const checks = [...page.text.matchAll(checkLine)].map(([, sign, check = "", reason]) => ({
    name: check,
    ok: sign === "+",
    reason,
  }));
  return { ok, checks };
}

function healthReason(text: string): string {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && "reason" in found ? String(found.reason) : "";
  } catch {
    return text.trim();
  }
}
