/** Quotas behind the store's door: refused once the store is closed, and close waits for those under way. */
import type { CallGate } from "../base/call-gate.ts";
import type { Quotas } from "../resource/store.ts";

/** @throws CLOSED from every call once `gate` is closed */
export function gatedQuotas(quotas: Quotas, gate: CallGate): Quotas {
  return {
    set: (...given) => gate.run(() => quotas.set(...given)),
    get: (...given) => gate.run(() => quotas.get(...given)),
    list: (...given) => gate.run(() => quotas.list(...given)),
    remove: (...given) => gate.run(() => quotas.remove(...given)),
    reconcile: (...given) => gate.run(() => quotas.reconcile(...given)),
  };
}
