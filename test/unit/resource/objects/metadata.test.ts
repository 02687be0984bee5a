import { describe, expect, test } from "vitest";
import type { Draft } from "../../../../src/resource/model/resource.ts";
import {
  formatTimestamp,
  objectForCreate,
  objectForUpdate,
} from "../../../../src/resource/objects/metadata.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { gears, type Widget, widget, widgets } from "../kinds.ts";

const context = { nowMs: Date.UTC(2026, 2, 4, 5, 6, 7, 890), random: seededRandom(3) };
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("formatTimestamp() is RFC 3339 in whole seconds", () => {
  expect(formatTimestamp(context.nowMs)).toBe("2026-03-04T05:06:07Z");
});

describe("objectForCreate()", () => {
  test("gives what is the store's, whatever the draft says", () => {
    const created = objectForCreate(
      widgets,
      {
        metadata: {
          name: "w",
          namespace: "a",
          uid: "mine",
          generation: 9,
          creationTimestamp: "1999-01-01T00:00:00Z",
          deletionTimestamp: "1999-01-01T00:00:00Z",
          deletionGracePeriodSeconds: 5,
          labels: { a: "b" },
          finalizers: ["x/y"],
        },
        spec: { size: 1 },
      },
      context,
    );
    expect(created).toEqual({
      apiVersion: "example.com/v1",
      kind: "Widget",
      metadata: {
        name: "w",
        namespace: "a",
        uid: expect.stringMatching(uuid),
        generation: 1,
        creationTimestamp: "2026-03-04T05:06:07Z",
        labels: { a: "b" },
        finalizers: ["x/y"],
      },
      spec: { size: 1 },
    });
  });

  test("shares nothing with the draft, and drops what is undefined", () => {
    const draft: Draft<Widget> = {
      metadata: { name: "w", namespace: "a" },
      spec: { size: 1, node: undefined },
    };
    const created = objectForCreate(widgets, draft, context);
    expect(created.spec).not.toBe(draft.spec);
    expect(Object.keys(created.spec ?? {})).toEqual(["size"]);
  });

  test("stores a status that the draft brings", () => {
    const draft = { metadata: { name: "w", namespace: "a" }, status: { ready: true } };
    expect(objectForCreate(widgets, draft, context).status).toEqual({ ready: true });
  });

  test("makes up a name, another one each time", () => {
    const draft = { metadata: { generateName: "w-", namespace: "a" } };
    const [first, second] = [
      objectForCreate(widgets, draft, context),
      objectForCreate(widgets, draft, context),
    ];
    expect(first.metadata.name).toMatch(/^w-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(first.metadata.generateName).toBe("w-");
    expect(second.metadata.name).not.toBe(first.metadata.name);
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
  });
});

describe("objectForUpdate()", () => {
  const current = widget({ labels: { a: "1" } }, { spec: { size: 1 }, status: { ready: false } });
  const { resourceVersion: _, ...kept } = current.metadata;

  test("takes spec and labels, and leaves a status subresource alone", () => {
    const next = objectForUpdate(
      widgets,
      current,
      widget({ labels: { b: "2" } }, { spec: { size: 2 }, status: { ready: true } }),
      undefined,
    );
    expect(next).toEqual({
      ...current,
      metadata: { ...kept, labels: { b: "2" }, generation: 4 },
      spec: { size: 2 },
    });
  });

  test('takes status alone with "status", generation untouched', () => {
    const next = objectForUpdate(
      widgets,
      current,
      widget({ labels: { b: "2" }, generation: 50 }, { spec: { size: 2 }, status: { ready: true } }),
      "status",
    );
    expect(next).toEqual({ ...current, metadata: kept, status: { ready: true } });
  });

  test('drops a status that "status" leaves out', () => {
    expect(objectForUpdate(widgets, current, widget(), "status")).not.toHaveProperty("status");
  });

  test('takes spec and status together with "all"', () => {
    const next = objectForUpdate(
      widgets,
      current,
      widget({}, { spec: { size: 2 }, status: { ready: true } }),
      "all",
    );
    expect(next).toMatchObject({ spec: { size: 2 }, status: { ready: true }, metadata: { generation: 4 } });
  });

  test("counts a change of labels or status in no generation", () => {
    const relabelled = objectForUpdate(
      widgets,
      current,
      widget({ labels: {} }, { spec: { size: 1 } }),
      undefined,
    );
    expect(relabelled.metadata.generation).toBe(3);
    const ready = widget({}, { spec: { size: 1 }, status: { ready: true } });
    expect(objectForUpdate(widgets, current, ready, "all").metadata.generation).toBe(3);
  });

  test("counts status as content where it is no subresource", () => {
    const gear = { ...current, metadata: { ...current.metadata, namespace: undefined } };
    const next = objectForUpdate(gears, gear, { ...gear, status: { ready: true } }, undefined);
    expect(next).toMatchObject({ status: { ready: true }, metadata: { generation: 4 } });
  });

  test("keeps identity and deletion fields, whatever is proposed", () => {
    const marked = widget({ deletionTimestamp: "2026-01-02T00:00:00Z", deletionGracePeriodSeconds: 0 });
    const next = objectForUpdate(
      widgets,
      marked,
      widget({ uid: "other", creationTimestamp: "x", generation: 99, deletionGracePeriodSeconds: 60 }),
      undefined,
    );
    expect(next.metadata).toMatchObject({
      uid: marked.metadata.uid,
      creationTimestamp: "2026-01-01T00:00:00Z",
      generation: 3,
      deletionTimestamp: "2026-01-02T00:00:00Z",
      deletionGracePeriodSeconds: 0,
    });
    const unmarked = objectForUpdate(widgets, widget(), marked, undefined);
    expect(unmarked.metadata).not.toHaveProperty("deletionTimestamp");
  });

  test("gives the same content when nothing changes", () => {
    const next = objectForUpdate(widgets, current, structuredClone(current), undefined);
    expect(next).toEqual({ ...current, metadata: kept });
  });

  test("shares nothing with what was handed in", () => {
    const proposed = widget({ labels: { b: "2" } }, { spec: { size: 2 } });
    const next = objectForUpdate(widgets, current, proposed, undefined);
    expect(next.spec).not.toBe(proposed.spec);
    expect(next.status).not.toBe(current.status);
    expect(next.metadata.labels).not.toBe(proposed.metadata.labels);
  });
});
