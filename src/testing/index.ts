/**
 * The entry point `keelson/testing`: an in-memory etcd and a manual clock, for unit tests of code that uses keelson.
 *
 * @module keelson/testing
 */
import "../base/supported-node.ts";

export type { Random } from "../base/random.ts";
export type { Clock, Timer } from "../base/time/clock.ts";
export { type BackendCheck, backendConformance } from "./backend-conformance.ts";
export { type ManualClock, manualClock, settled } from "./manual-clock.ts";
export { type MemoryEtcdOptions, memoryEtcd } from "./memory-etcd.ts";
