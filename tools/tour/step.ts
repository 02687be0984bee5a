/**
 * What a step of the tour is: a title and a function that shows one promise of keelson on the real thing.
 *
 * A step says what it does (`say`), claims what must hold (`expect`, which ends the step when it does not) and
 * leaves figures for machines (`fact`). Every call it makes ends with the step's own signal.
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
  /** Ends every call: the step's time is up, etcd is gone, or the user has had enough. */
  readonly signal: AbortSignal;
  /** One line of what happens, at once. */
  say(line: string): void;
  fact(name: string, value: Fact): void;
  /** @throws StepFailure when `holds` is false */
  expect(holds: boolean, claim: string): void;
}

/** A step did not do what it says. */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
}
