/** The class table: each line of it, by the texts etcd and the transports really use. */
import { describe, expect, it } from "vitest";
import {
  meaningOf,
  outcomeTable,
  retryDecisionOf,
  storeErrorOf,
} from "../../../../src/etcd/client/outcome-table.ts";
import {
  type RequestReach,
  grpcStatus as s,
  TransportFailure,
} from "../../../../src/etcd/transport/transport.ts";

const endpoint = "http://127.0.0.1:2379";
const server = (code: number, text: string): TransportFailure =>
  new TransportFailure({ code, text, request: "sent", fromServer: true, endpoint });
const client = (code: number, text: string, request: RequestReach = "sent"): TransportFailure =>
  new TransportFailure({ code, text, request, fromServer: false, endpoint });

describe("meaningOf()", () => {
  it.each([
    [s.notFound, "etcdserver: requested lease not found"],
    [s.invalidArgument, "etcdserver: duplicate key given in txn request"],
    [s.invalidArgument, "etcdserver: request is too large"],
    [s.outOfRange, "etcdserver: mvcc: required revision has been compacted"],
    [s.outOfRange, "etcdserver: mvcc: required revision is a future revision"],
    [s.resourceExhausted, "etcdserver: mvcc: database space exceeded"],
    [s.failedPrecondition, "etcdserver: user name already exists"],
  ])("code %i under code 2, as etcd's grpc-proxy answers, means the same: %s", (code, text) => {
    expect(meaningOf(server(s.unknown, text))).toBe(meaningOf(server(code, text)));
  });

  it("what leaves it open stays open under code 2", () => {
    for (const text of [
      "etcdserver: request timed out",
      "etcdserver: leader changed",
      "context deadline exceeded",
    ]) {
      expect(meaningOf(server(s.unknown, text))).toMatchObject({ outcome: "unknown", retry: "elsewhere" });
    }
    // Made up by the client: nobody has refused anything.
    expect(meaningOf(client(s.unknown, "etcdserver: key not found"))).toMatchObject({ outcome: "unknown" });
  });

  it.each([
    ["a refused request size", server(s.invalidArgument, "etcdserver: request is too large"), "TOO_LARGE"],
    [
      "too many operations",
      server(s.invalidArgument, "etcdserver: too many operations in txn request"),
      "INVALID_ARGUMENT",
    ],
    [
      "a duplicate key",
      server(s.invalidArgument, "etcdserver: duplicate key given in txn request"),
      "INVALID_ARGUMENT",
    ],
    ["an empty key", server(s.invalidArgument, "etcdserver: key is not provided"), "INVALID_ARGUMENT"],
    [
      "a wrong password",
      server(s.invalidArgument, "etcdserver: authentication failed, invalid user ID or password"),
      "UNAUTHENTICATED",
    ],
    [
      "a password for a user without one",
      server(s.unknown, "auth: authentication failed, password was given for no password user"),
      "UNAUTHENTICATED",
    ],
    [
      "an old auth revision",
      server(s.invalidArgument, "etcdserver: revision of auth store is old"),
      "UNAUTHENTICATED",
    ],
    ["an invalid token", server(s.unauthenticated, "etcdserver: invalid auth token"), "UNAUTHENTICATED"],
    ["no rights", server(s.permissionDenied, "etcdserver: permission denied"), "PERMISSION_DENIED"],
    ["a missing lease", server(s.notFound, "etcdserver: requested lease not found"), "NOT_FOUND"],
    [
      "a lease that exists",
      server(s.failedPrecondition, "etcdserver: lease already exists"),
      "ALREADY_EXISTS",
    ],
    [
      "a user that exists",
      server(s.failedPrecondition, "etcdserver: user name already exists"),
      "ALREADY_EXISTS",
    ],
    [
      "a compacted revision",
      server(s.outOfRange, "etcdserver: mvcc: required revision has been compacted"),
      "EXPIRED",
    ],
    [
      "a future revision",
      server(s.outOfRange, "etcdserver: mvcc: required revision is a future revision"),
      "FUTURE_VERSION",
    ],
    ["no space", server(s.resourceExhausted, "etcdserver: mvcc: database space exceeded"), "NO_SPACE"],
    ["too many requests", server(s.resourceExhausted, "etcdserver: too many requests"), "UNAVAILABLE"],
    [
      "a request above the server's limit",
      server(s.resourceExhausted, "grpc: received message larger than max (3000000 vs. 2097152)"),
      "TOO_LARGE",
    ],
    ["a learner", server(s.unavailable, "etcdserver: rpc not supported for learner"), "UNAVAILABLE"],
    ["no connection", client(s.unavailable, "No connection established", "unsent"), "UNAVAILABLE"],
    [
      "a deadline before any connection",
      client(s.deadlineExceeded, "Deadline exceeded", "unsent"),
      "UNAVAILABLE",
    ],
    [
      "a stream that was refused",
      client(s.unavailable, "Stream refused by server", "refused"),
      "UNAVAILABLE",
    ],
  ] as const)("%s: not applied", (_what, failure, code) => {
    expect(meaningOf(failure)).toMatchObject({ outcome: "not-applied", code });
    expect(storeErrorOf(failure, { action: "put", effect: "write" }).code).toBe(code);
  });

  it.each([
    ["a leader change", server(s.unavailable, "etcdserver: leader changed")],
    ["a proposal that timed out", server(s.unavailable, "etcdserver: request timed out")],
    ["a stopped server", server(s.unavailable, "etcdserver: server stopped")],
    ["no leader", server(s.unavailable, "etcdserver: no leader")],
    ["a reset", client(s.unavailable, "read ECONNRESET")],
    ["a dropped connection", client(s.unavailable, "Connection dropped")],
    ["a deadline", client(s.deadlineExceeded, "Deadline exceeded after 5.0s")],
    ["the server's deadline", server(s.deadlineExceeded, "context deadline exceeded")],
    ["a cancellation after sending", client(s.cancelled, "Call cancelled")],
    ["a broken stream", client(s.internal, "Received RST_STREAM with code 2")],
    ["an unknown status", server(s.unknown, "something new")],
    ["ping abuse", client(s.resourceExhausted, "Bandwidth exhausted or memory limit exceeded")],
    [
      "an answer too large to read",
      client(s.resourceExhausted, "Received message larger than max (9 vs. 4)"),
    ],
    ["a corrupt member", server(s.dataLoss, "etcdserver: corrupt cluster")],
    ["a code of the future", server(99, "what is this")],
  ] as const)("%s: a write may have been applied", (_what, failure) => {
    expect(meaningOf(failure).outcome).toBe("unknown");
    const error = storeErrorOf(failure, { action: "put", effect: "write", key: "/k" });
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", details: { key: "/k", writeId: "" } });
    expect(storeErrorOf(failure, { action: "read", effect: "read" }).code).not.toBe("OUTCOME_UNKNOWN");
  });

  it("the peer's word that it did not look at a write proves nothing to a call that doubts it", () => {
    const refused = client(s.unavailable, "the server is going away", "refused");
    const put = { action: "put", effect: "write", key: "/k" } as const;
    expect(storeErrorOf(refused, put).code).toBe("UNAVAILABLE");
    expect(storeErrorOf(refused, { ...put, doubtsRefusal: true }).code).toBe("OUTCOME_UNKNOWN");
    const unsent = client(s.unavailable, "No connection established", "unsent");
    expect(storeErrorOf(unsent, { ...put, doubtsRefusal: true }).code).toBe("UNAVAILABLE");
  });

  it("what a client makes up is never taken for the server's word", () => {
    const madeUp = client(s.resourceExhausted, "etcdserver: mvcc: database space exceeded");
    expect(meaningOf(madeUp).outcome).toBe("unknown");
  });

  it("only tokens ask for a refresh, and corrupt or refused requests are never repeated", () => {
    expect(retryDecisionOf(server(s.unauthenticated, "etcdserver: invalid auth token"), "watch").next).toBe(
      "refresh",
    );
    expect(retryDecisionOf(client(s.unavailable, "Connection dropped"), "watch").next).toBe("retry");
    expect(retryDecisionOf(server(s.dataLoss, "etcdserver: corrupt cluster"), "watch").next).toBe("fail");
    expect(retryDecisionOf(server(s.permissionDenied, "etcdserver: permission denied"), "watch").next).toBe(
      "fail",
    );
  });

  it("every row of the table is reached by some failure before a row above takes it", () => {
    const texts = [
      "etcdserver: permission denied",
      "etcdserver: request is too large",
      "etcdserver: invalid auth token",
      "invalid user ID or password",
      "compacted",
      "future",
      "received message larger than max",
      "Received message larger than max",
      "database space exceeded",
      "too many requests",
      "requested lease not found",
      "already exists",
      "not supported for learner",
      "anything",
    ];
    const reached = new Set<unknown>();
    for (let code = 1; code <= 16; code++) {
      for (const text of texts) {
        reached.add(meaningOf(server(code, text))).add(meaningOf(client(code, text)));
        reached.add(meaningOf(client(code, text, "unsent")));
        reached.add(meaningOf(client(code, text, "refused")));
      }
    }
    expect(outcomeTable.filter((row) => !reached.has(row))).toEqual([]);
  });
});
