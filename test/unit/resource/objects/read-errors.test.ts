import { expect, test } from "vitest";
import {
  futureVersion,
  historyReplaced,
  notFound,
  stateCompacted,
  subjectOf,
  watchOver,
  watchTaken,
} from "../../../../src/resource/objects/read-errors.ts";
import { widgets } from "../kinds.ts";

const at = { namespace: "default", name: "w1" };
const key = "/registry/widgets/default/w1";
const subject = { group: "example.com", kind: "Widget", plural: "widgets", ...at };

test("subjectOf() names a kind, a namespace or an object, with its key only where there is one", () => {
  expect(subjectOf(widgets, at, key)).toStrictEqual({ key, ...subject });
  expect(subjectOf(widgets, { namespace: "default" })).toStrictEqual({ ...subject, name: undefined });
  expect(subjectOf(widgets)).toStrictEqual({ ...subject, namespace: undefined, name: undefined });
});

test("notFound() and stateCompacted() name the object in the message and its key in the details alone", () => {
  const missing = notFound(widgets, at, key);
  expect(missing.code).toBe("NOT_FOUND");
  expect(missing.message).toBe('Cannot find widgets.example.com "default/w1"');
  expect(missing.details).toEqual({ key, ...subject });
  const compacted = stateCompacted(widgets.resource, at, key, 7n);
  expect(compacted.code).toBe("EXPIRED");
  expect(compacted.message).toBe(
    'Cannot go on watching: the state of widgets.example.com "default/w1" before version 7 has been compacted',
  );
  expect(compacted.details).toEqual({ key, reason: "compacted" });
});

test("futureVersion() gives both versions as text, and no current one where it is not known", () => {
  const error = futureVersion(9n, 7n, subjectOf(widgets));
  expect(error.message).toBe("Cannot read version 9: the store is at version 7");
  expect(error.details).toEqual({
    ...subjectOf(widgets),
    requested: "9",
    current: "7",
    retryAfterMs: 1000,
  });
  expect(futureVersion(9n, 0n, {}).details.current).toBeUndefined();
});

test("the errors of a watch: its history replaced, its loop taken, over", () => {
  expect(historyReplaced("epoch", subjectOf(widgets)).details).toEqual({
    ...subjectOf(widgets),
    reason: "epoch",
  });
  expect(historyReplaced("restored")).toMatchObject({ code: "EXPIRED", details: { reason: "restored" } });
  expect(watchTaken()).toMatchObject({ code: "INVALID_ARGUMENT", details: { argument: "watch" } });
  expect(watchOver()).toMatchObject({ code: "CLOSED", details: { what: "watch" } });
});
