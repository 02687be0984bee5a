/**
 * The entry point `keelson/testing`: an etcd in memory and a clock to set, for unit tests of what is built on keelson.
 *
 * @module keelson/testing
 */
import "../base/supported-node.ts";

export type { Random } from "../base/random.ts";
export type { Clock, Timer } from "../base/time/clock.ts";
export { type BackendCheck, backendConformance } from "./backend-conformance.ts";
export { type ManualClock, manualClock, settled } from "./manual-clock.ts";
export { type MemoryEtcdOptions, memoryEtcd } from "./memory-etcd.ts";
