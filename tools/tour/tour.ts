/**
 * Runs the steps in order. A step that fails, times out or loses its etcd is reported; the others still run, unless
 * etcd is gone.
 */
import { setMaxListeners } from "node:events";
import { isStoreError } from "keelson";
import { messageOf } from "../../src/base/text/message-of.ts";
import { configMapKind } from "./kinds.ts";
import type { Printer, StepResult, TourResult } from "./printer.ts";
import type { Session } from "./session.ts";
import { type Fact, type Step, StepFailure } from "./step.ts";
import { scratchNamespace, type World } from "./world.ts";

/** A step takes a second or two; TTL expiry takes longest. */
const stepTimeoutMs = 20_000;

export interface Tour {
  readonly session: Session;
  readonly world: World;
  readonly steps: readonly Step[];
  readonly printer: Printer;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

export async function runTour({ session, world, steps, printer, signal }: Tour): Promise<TourResult> {
  const startedMs = performance.now();
  const results: StepResult[] = [];
  const over = AbortSignal.any([signal, session.lost]);
  for (const [index, step] of steps.entries()) {
    if (over.aborted) break;
    printer.stepBegins(step, index + 1);
    const result = await runStep(step, { session, world, printer, over });
    printer.stepEnds(result);
    results.push(result);
  }
  const ended = over.aborted ? { error: messageOf(over.reason) } : {};
  return {
    ok: results.length === steps.length && results.every(({ ok }) => ok) && !over.aborted,
    etcd: { version: session.etcdVersion, endpoints: session.endpoints },
    durationMs: Math.round(performance.now() - startedMs),
    steps: results,
    planned: steps.length,
    ...ended,
  };
}

interface Surroundings {
  readonly session: Session;
  readonly world: World;
  readonly printer: Printer;
  readonly over: AbortSignal;
}

async function runStep(step: Step, { session, world, printer, over }: Surroundings): Promise<StepResult> {
  const startedMs = performance.now();
  const lines: string[] = [];
  const claims: string[] = [];
  const facts: Record<string, Fact> = {};
  const outOfTime = new AbortController();
  const timer = setTimeout(
    () => outOfTime.abort(new StepFailure(`no end within ${stepTimeoutMs / 1000} s`)),
    stepTimeoutMs,
  );
  const signal = AbortSignal.any([over, outOfTime.signal]);
  // A step makes many concurrent calls, and each adds a listener.
  setMaxListeners(0, signal);
  const scratch = session.store.resources(configMapKind);
  const done = (error?: unknown): StepResult => ({
    id: step.id,
    title: step.title,
    ok: error === undefined,
    durationMs: Math.round(performance.now() - startedMs),
    lines,
    claims,
    facts,
    ...(error === undefined ? {} : { error: describe(error) }),
  });
  const work = async (): Promise<void> => {
    await scratch.deleteCollection({ namespace: scratchNamespace, signal });
    await step.run({
      etcd: session.etcd,
      store: session.store,
      session,
      world,
      scratch,
      signal,
      say(line) {
        lines.push(line);
        printer.line(line);
      },
      fact(name, value) {
        facts[name] = value;
      },
      expect(holds, claim) {
        claims.push(holds ? claim : `not: ${claim}`);
        printer.claim(claim, holds);
        if (!holds) throw new StepFailure(claim);
      },
    });
  };
  try {
    // The step's signal ends any wait, so a tour never hangs.
    await Promise.race([work(), whenAborted(signal)]);
    return done();
  } catch (error) {
    return done(signal.aborted ? signal.reason : error);
  } finally {
    clearTimeout(timer);
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function describe(error: unknown): { code?: string; message: string } {
  return { ...(isStoreError(error) ? { code: error.code } : {}), message: messageOf(error) };
}
