/** A quota as `get` and `list` show it: its limits and their use, at the revision of one snapshot. */
import type { QuotaStatus } from "../../resource/contract/store.ts";
import { quantityToNumber } from "../../resource/model/quantity.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { type Amounts, increases, nothing } from "../model/amounts.ts";
import { activeRule, latestRule, type NamespaceSpec } from "../model/quota-spec.ts";
import type { QuotaSnapshot } from "./quota-snapshot.ts";

/** A quota as it was set last; while it is being counted, with the use of the one that it replaces, as far as known. */
export function statusOf(
  snapshot: QuotaSnapshot,
  spec: NamespaceSpec,
  name: string,
): QuotaStatus | undefined {
  const { namespace } = spec;
  const rule = latestRule(spec, name);
  if (rule === undefined) return undefined;
  const { hard, state, unread } = rule;
  const active = activeRule(spec, name);
  const holding = active === undefined ? undefined : snapshot.ledger(namespace, active).used;
  const counted = increases(snapshot.ledger(namespace, rule).used);
  const used = state === "active" ? (holding ?? nothing) : new Map([...counted, ...(holding ?? nothing)]);
  return {
    namespace,
    name,
    hard: numbersOf(hard.keys(), hard),
    used: numbersOf(hard.keys(), used),
    state,
    ...(unread > 0 ? { unread } : {}),
    resourceVersion: formatResourceVersion(spec.revision),
  };
}

function numbersOf(names: Iterable<string>, amounts: Amounts): Record<string, number> {
  return Object.fromEntries(
    [...names].sort().map((name) => [name, quantityToNumber(amounts.get(name) ?? 0n)]),
  );
}
