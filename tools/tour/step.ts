/**
 * A step of the tour: a title and a function that demonstrates one promise of keelson on a real etcd.
 *
 * A step prints its actions (`say`), checks claims (`expect`, which ends the step on failure) and records figures for
 * programs (`fact`). All its calls use the step's signal.
 */
import type { ResourceStore, Store } from "keelson";
import type { Etcd } from "keelson/etcd";
import type { ConfigMap } from "./kinds.ts";
import type { Session } from "./session.ts";
import type { World } from "./world.ts";

export interface Step {
  /** Kebab-case, for --json and --only. */
  readonly id: string;
  readonly title: string;
  run(context: StepContext): Promise<void>;
}

export type Fact = string | number | boolean | readonly string[];

export interface StepContext {
  readonly etcd: Etcd;
  readonly store: Store;
  readonly session: Session;
  readonly world: World;
  /** Config maps of the scratch namespace, which is empty when a step begins. */
  readonly scratch: ResourceStore<ConfigMap>;
  /** Aborts every call when the step times out, etcd is lost, or the user interrupts. */
  readonly signal: AbortSignal;
  /** Prints one line immediately. */
  say(line: string): void;
  fact(name: string, value: Fact): void;
  /** @throws StepFailure when `holds` is false */
  expect(holds: boolean, claim: string): void;
}

/** A claim of a step has failed. */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
}
