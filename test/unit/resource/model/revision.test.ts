import { describe, expect, test } from "vitest";
import { StoreError } from "../../../../src/errors.ts";
import {
  formatResourceVersion,
  isResourceVersion,
  parseResourceVersion,
} from "../../../../src/resource/model/revision.ts";

describe("parseResourceVersion()", () => {
  test.each(["1", "42", "9007199254740993", "9223372036854775807"])("reads %s exactly", (text) => {
    expect(parseResourceVersion(text, "resourceVersion")).toBe(BigInt(text));
    expect(formatResourceVersion(BigInt(text))).toBe(text);
    expect(isResourceVersion(text)).toBe(true);
  });

  test("names the argument that was wrong", () => {
    let thrown: unknown;
    try {
      parseResourceVersion("0", "preconditions.resourceVersion");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(StoreError);
    expect(thrown).toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument: "preconditions.resourceVersion" },
    });
  });
});
