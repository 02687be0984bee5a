/** The store over the in-memory etcd keeps the same promises as over a real one, by the same text. */
import { memoryEtcd } from "keelson/testing";
import { storeImplementation } from "./implementation.ts";
import { conformanceOver } from "./suites.ts";

conformanceOver(storeImplementation, "the in-memory etcd", {
  open: async () => memoryEtcd(),
  stop: async () => undefined,
});
