/** Errors as people read them, and the exit code each ends the program with. */
import { isStoreError, StoreError } from "keelson";
import { expect, test } from "vitest";
import { CallScope } from "../../../../src/base/call.ts";
import { grpcStatus, TransportFailure } from "../../../../src/etcd/transport/transport.ts";
import { badConnectionOf, cliFailureOf } from "../../../../tools/etcdctl-lite/cli/failure-text.ts";
import { ManualClock } from "../../../support/time/manual-clock.ts";

/** As etcd refuses a user. */
function refused(text: string): StoreError {
  const facts = { code: grpcStatus.unknown, text, request: "sent", fromServer: true } as const;
  const cause = new TransportFailure({ ...facts, endpoint: "http://127.0.0.1:2379" });
  return new StoreError("UNAUTHENTICATED", `Cannot list leases: ${text}`, {}, { cause });
}

test("a password for a user who has none ends with 2, as a wrong one does", () => {
  const text = "auth: authentication failed, password was given for no password user";
  expect(cliFailureOf(refused(text))).toMatchObject({
    exitCode: 2,
    message: text.replace("auth:", "etcdserver:"),
    hint: "Check --user and --password.",
  });
});

test("badConnectionOf() ends with 2 for what etcd has answered, and with 1 for what never reached it", () => {
  expect(badConnectionOf(refused("etcdserver: user name is empty"))).toMatchObject({ exitCode: 2 });
  const unreachable = new StoreError("UNAVAILABLE", "Cannot reach etcd: nothing listens there", {
    retryAfterMs: 1000,
  });
  expect(badConnectionOf(unreachable)).toMatchObject({ exitCode: 1 });
});

test("what is left of a call's time is told in whole milliseconds", async () => {
  const clock = new ManualClock();
  using scope = new CallScope({ timeoutMs: 1996.55946 }, clock, "reach etcd");
  await clock.advance(2000);
  expect(isStoreError(scope.signal?.reason, "DEADLINE")).toBe(true);
  expect(String(scope.signal?.reason)).toMatch(/no answer within 1997 ms$/);
});
