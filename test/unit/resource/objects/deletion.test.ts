import { describe, expect, test } from "vitest";
import { isFinished, isPending, planDeletion } from "../../../../src/resource/objects/deletion.ts";
import { widget } from "../kinds.ts";

const nowMs = Date.UTC(2026, 0, 2);
const marked = { deletionTimestamp: "2026-01-02T00:01:00Z", deletionGracePeriodSeconds: 60 };

test("isPending() and isFinished() tell the three states of an object", () => {
  const live = widget({ finalizers: ["a/b"] });
  expect([isPending(live), isFinished(live)]).toEqual([false, false]);
  for (const held of [
    widget(marked),
    widget({ ...marked, deletionGracePeriodSeconds: 0, finalizers: ["a/b"] }),
  ]) {
    expect([isPending(held), isFinished(held)]).toEqual([true, false]);
  }
  const free = widget({ ...marked, deletionGracePeriodSeconds: 0, finalizers: [] });
  expect([isPending(free), isFinished(free)]).toEqual([false, true]);
});

describe("planDeletion()", () => {
  test("removes at once what nothing holds, and hands it out as it was", () => {
    const current = widget();
    const step = planDeletion(current, { gracePeriodSeconds: 0, nowMs });
    expect(step).toEqual({ action: "remove", object: current });
    expect(step.object.metadata).not.toHaveProperty("deletionTimestamp");
  });

  test("marks what finalizers hold, and counts that as a generation", () => {
    const current = widget({ finalizers: ["a/b"] });
    const step = planDeletion(current, { gracePeriodSeconds: 0, nowMs });
    expect(step.action).toBe("mark");
    expect(step.object.metadata).toEqual({
      ...current.metadata,
      generation: 4,
      deletionTimestamp: "2026-01-02T00:00:00Z",
      deletionGracePeriodSeconds: 0,
    });
    expect(current.metadata).not.toHaveProperty("deletionTimestamp");
  });

  test("marks with a grace period, to end in the future", () => {
    const step = planDeletion(widget(), { gracePeriodSeconds: 60, nowMs });
    expect(step.action).toBe("mark");
    expect(step.object.metadata).toMatchObject(marked);
  });

  test("keeps what is marked already, and gives it no more time", () => {
    for (const gracePeriodSeconds of [60, 600]) {
      const current = widget(marked);
      expect(planDeletion(current, { gracePeriodSeconds, nowMs })).toEqual({
        action: "keep",
        object: current,
      });
    }
  });

  test("shortens a grace period, counted from when it began, without another generation", () => {
    const step = planDeletion(widget(marked), { gracePeriodSeconds: 10, nowMs: nowMs + 5_000 });
    expect(step.action).toBe("mark");
    expect(step.object.metadata).toMatchObject({
      generation: 3,
      deletionTimestamp: "2026-01-02T00:00:10Z",
      deletionGracePeriodSeconds: 10,
    });
  });

  test("finishes a grace period with 0", () => {
    expect(planDeletion(widget(marked), { gracePeriodSeconds: 0, nowMs }).action).toBe("remove");
  });

  test("keeps waiting for finalizers when the grace period ends", () => {
    const step = planDeletion(widget({ ...marked, finalizers: ["a/b"] }), { gracePeriodSeconds: 0, nowMs });
    expect(step.action).toBe("mark");
    expect(step.object.metadata).toMatchObject({ deletionGracePeriodSeconds: 0, finalizers: ["a/b"] });
  });

  test.each([
    ["Orphan", ["a/b", "foregroundDeletion"], ["a/b", "orphan"]],
    ["Foreground", ["orphan", "a/b"], ["a/b", "foregroundDeletion"]],
    ["Foreground", ["foregroundDeletion", "a/b"], ["foregroundDeletion", "a/b"]],
    ["Background", ["orphan", "a/b", "foregroundDeletion"], ["a/b"]],
    [undefined, ["orphan", "a/b"], ["orphan", "a/b"]],
  ] as const)("keeps policy %s as finalizers: %j becomes %j", (propagationPolicy, before, after) => {
    const step = planDeletion(widget({ finalizers: [...before] }), {
      gracePeriodSeconds: 0,
      propagationPolicy,
      nowMs,
    });
    expect(step.action).toBe("mark");
    expect(step.object.metadata.finalizers).toEqual(after);
  });

  test("removes when the policy takes the last finalizer away", () => {
    const current = widget({ finalizers: ["orphan"] });
    expect(
      planDeletion(current, { gracePeriodSeconds: 0, propagationPolicy: "Background", nowMs }).action,
    ).toBe("remove");
  });
});
