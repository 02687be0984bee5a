/** Errors of another realm are errors: under Jest every error of Node's own modules is one. */
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { systemErrorCode } from "../../../../src/base/system-error.ts";
import { isError, messageOf } from "../../../../src/base/text/message-of.ts";

const foreign: unknown = runInNewContext(`Object.assign(new Error("no such file"), { code: "ENOENT" })`);

test("an error of another realm has its message and its code", () => {
  expect(foreign instanceof Error).toBe(false);
  expect(isError(foreign)).toBe(true);
  expect(messageOf(foreign)).toBe("no such file");
  expect(systemErrorCode(foreign)).toBe("ENOENT");
});

test("an abort's DOMException is an error, too; what only looks like one is not", () => {
  expect(isError(AbortSignal.abort().reason)).toBe(true);
  expect(isError({ message: "no", name: "Error" })).toBe(false);
  expect(messageOf("text")).toBe("text");
});
