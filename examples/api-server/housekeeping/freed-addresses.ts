/** Frees the cluster IP of a deleted service, so that another service can get it. */
import { type CachedStores, isStoreError } from "keelson";
import { at } from "../defaults/rules.ts";

/** A service is stored after its address: the service of an address younger than this may still be in flight. */
const graceMs = 60_000;

export async function freeAddresses(store: CachedStores, signal: AbortSignal): Promise<void> {
  const kindOf = (name: string) => store.kinds.find(({ kind }) => kind === name);
  const [services, addresses] = [kindOf("Service"), kindOf("IPAddress")];
  if (services === undefined || addresses === undefined) return;
  const free = async (name: unknown): Promise<void> => {
    if (typeof name !== "string") return;
    try {
      await store.resources(addresses).delete({ name }, { signal });
    } catch (error) {
      if (!isStoreError(error, "NOT_FOUND", "INVALID_ARGUMENT")) throw error;
    }
  };
  const { items, resourceVersion } = await store.resources(services).list({ signal });
  const used = new Set(items.map((service) => at(service, "spec.clusterIP")));
  for (const { metadata } of (await store.resources(addresses).list({ signal })).items) {
    const isOld = Date.now() - Date.parse(metadata.creationTimestamp) > graceMs;
    if (isOld && !used.has(metadata.name)) await free(metadata.name);
  }
  for await (const event of store.resources(services).watch({ resourceVersion, signal })) {
    if (event.type === "DELETED") await free(at(event.object, "spec.clusterIP"));
  }
}
