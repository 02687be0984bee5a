/**
 * Creates the service account "default", whose tokens pods carry, in every namespace. Kubernetes' controller-manager
 * does so, too.
 */
import { type CachedStores, isStoreError, type Resource } from "keelson";

export async function keepServiceAccounts(store: CachedStores, signal: AbortSignal): Promise<void> {
  const kind = store.kinds.find((one) => one.kind === "ServiceAccount");
  if (kind === undefined) return;
  const accounts = store.resources(kind);
  const draft = (namespace: string): Resource => ({ metadata: { name: "default", namespace } }) as Resource;
  for await (const event of store.namespaces.watch({ sendInitialEvents: true, signal })) {
    if (event.type !== "ADDED" && event.type !== "MODIFIED") continue;
    const { name, deletionTimestamp } = event.object.metadata;
    if (deletionTimestamp !== undefined) continue;
    try {
      await accounts.create(draft(name), { signal });
    } catch (error) {
      if (!isStoreError(error, "ALREADY_EXISTS", "NAMESPACE_NOT_FOUND", "NAMESPACE_TERMINATING")) throw error;
    }
  }
}
