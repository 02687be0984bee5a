/** The door `keelson/testing`: an etcd in memory, for unit tests of what is built on keelson. */
export { memoryEtcd } from "./memory-etcd.ts";
