/**
 * Quotas behind the store's gate: unknown options are rejected, and so is every call once the store is closed; close
 * waits for the calls under way.
 */
import { callNames } from "../base/call.ts";
import type { CallGate } from "../base/call-gate.ts";
import { checkOptions } from "../base/text/known-options.ts";
import {
  type Quotas,
  quotaGetNames,
  quotaListNames,
  quotaRemoveNames,
  quotaRequestNames,
  quotaSetNames,
} from "../resource/contract/store.ts";

/** @throws CLOSED from every call once `gate` is closed */
export function gatedQuotas(quotas: Quotas, gate: CallGate): Quotas {
  return {
    set: (namespace, quota, options) =>
      gate.run(async () => {
        if (typeof quota === "object" && quota !== null) {
          checkOptions(quota, "set a quota", quotaRequestNames, "quota");
        }
        checkOptions(options, "set a quota", quotaSetNames);
        return await quotas.set(namespace, quota, options);
      }),
    get: (namespace, options) =>
      gate.run(async () => {
        checkOptions(options, "get a quota", quotaGetNames);
        return await quotas.get(namespace, options);
      }),
    list: (options) =>
      gate.run(async () => {
        checkOptions(options, "list quotas", quotaListNames);
        return await quotas.list(options);
      }),
    remove: (namespace, options) =>
      gate.run(async () => {
        checkOptions(options, "remove a quota", quotaRemoveNames);
        await quotas.remove(namespace, options);
      }),
    reconcile: (namespace, options) =>
      gate.run(async () => {
        checkOptions(options, "reconcile quotas", callNames);
        return await quotas.reconcile(namespace, options);
      }),
  };
}
