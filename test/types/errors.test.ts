/** The compiler's view of errors: details narrow by code. */
import { describe, expect, expectTypeOf, test } from "vitest";
import type { QuotaViolation, StoreErrorCode } from "../../src/errors/codes.ts";
import { isStoreError, StoreError } from "../../src/errors.ts";

const thrown: unknown = new StoreError("NOT_READY", "Cannot list: not filled yet", { retryAfterMs: 250 });

describe("isStoreError()", () => {
  test("narrows to one code's details", () => {
    if (isStoreError(thrown, "NOT_READY")) {
      expectTypeOf(thrown.code).toEqualTypeOf<"NOT_READY">();
      expectTypeOf(thrown.details.retryAfterMs).toEqualTypeOf<number>();
      // @ts-expect-error: another code's field
      expect(thrown.details.violations).toBeUndefined();
      expect(thrown.details.retryAfterMs).toBe(250);
    } else expect.unreachable();
  });

  test("narrows to what several codes have in common", () => {
    if (isStoreError(thrown, "NOT_READY", "UNAVAILABLE")) {
      expectTypeOf(thrown.code).toEqualTypeOf<"NOT_READY" | "UNAVAILABLE">();
      expectTypeOf(thrown.details.retryAfterMs).toEqualTypeOf<number>();
    } else expect.unreachable();
    expect(isStoreError(thrown, "CONFLICT", "EXPIRED")).toBe(false);
  });

  test("without codes says that it is one of ours, of whatever code", () => {
    if (isStoreError(thrown)) expectTypeOf(thrown.code).toEqualTypeOf<StoreErrorCode>();
    else expect.unreachable();
    expect(isStoreError(new Error("x"))).toBe(false);
    expect(isStoreError({ code: "CONFLICT" })).toBe(false);
  });

  test("knows what each code carries", () => {
    type Details<C extends StoreErrorCode> = StoreError<C>["details"];
    expectTypeOf<Details<"QUOTA_EXCEEDED">["violations"]>().toEqualTypeOf<readonly QuotaViolation[]>();
    expectTypeOf<Details<"PRECONDITION_FAILED">["field"]>().toEqualTypeOf<"uid" | "resourceVersion">();
    expectTypeOf<Details<"OUTCOME_UNKNOWN">["writeId"]>().toEqualTypeOf<string>();
    expectTypeOf<Details<"NAMESPACE_NOT_FOUND">["namespace"]>().toEqualTypeOf<string>();
    expectTypeOf<Details<"EXPIRED">["continueToken"]>().toEqualTypeOf<string | undefined>();
  });

  test("takes no code that does not exist", () => {
    // @ts-expect-error: no such code
    expect(isStoreError(thrown, "NOPE")).toBe(false);
    // @ts-expect-error: the details of another code
    expect(() => new StoreError("CLOSED", "x", { argument: "y" })).not.toThrow();
  });
});
