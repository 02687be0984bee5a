/** The keelson store that `quota` and `resources` commands look into. */
import type { Kind, Store } from "keelson";
import type { FlagSpec } from "./flags.ts";
import type { Session } from "./session.ts";

export const storeFlags: readonly FlagSpec[] = [
  { name: "registry", type: "text", fallback: "/registry", summary: "the store's prefix in etcd" },
];

/** Opens the store without its background work; close it before the session ends. */
export async function openStore(session: Session, kinds: readonly Kind[] = []): Promise<Store> {
  const etcd = await session.connect();
  const { createStore } = await import("keelson");
  return createStore({
    etcd,
    kinds,
    prefix: session.flags.text("registry"),
    compaction: false,
    signal: session.io.signal,
  });
}
