import { expect, test } from "vitest";
import { eventTypeOf } from "../../../src/resource/event-type.ts";

test("eventTypeOf() says what a watcher sees: whether the object matched before, and whether it matches now", () => {
  expect(eventTypeOf(true, true)).toBe("MODIFIED");
  expect(eventTypeOf(false, true)).toBe("ADDED");
  expect(eventTypeOf(true, false)).toBe("DELETED");
  expect(eventTypeOf(false, false)).toBeUndefined();
});
