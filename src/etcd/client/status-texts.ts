/**
 * etcd's refusals by their text, with the gRPC code of each (etcd's rpctypes/error.go). etcd's grpc-proxy keeps the text and
 * replaces every code by 2, "unknown". All texts here mean that nothing was applied; texts with an open outcome (timeouts, a
 * change of leader) are not listed and stay unknown.
 */
import { grpcStatus } from "../transport/transport.ts";

const s = grpcStatus;

const byCode: readonly (readonly [code: number, texts: readonly string[]])[] = [
  [
    s.invalidArgument,
    [
      "authentication failed, invalid user ID or password",
      "duplicate key given in txn request",
      "given member URLs are invalid",
      "invalid auth management",
      "invalid client api version",
      "invalid downgrade target version",
      "invalid sort option",
      "key is not provided",
      "key not found",
      "lease is provided",
      "permission not given",
      "request is too large",
      "revision of auth store is old",
      "role name is empty",
      "too many operations in txn request",
      "user name is empty",
      "value is provided",
      "wrong downgrade target version format",
    ],
  ],
  [s.notFound, ["member not found", "requested lease not found"]],
  [
    s.outOfRange,
    [
      "mvcc: required revision has been compacted",
      "mvcc: required revision is a future revision",
      "too large lease TTL",
    ],
  ],
  [s.resourceExhausted, ["mvcc: database space exceeded", "too many requests"]],
  [s.permissionDenied, ["permission denied"]],
  [s.unauthenticated, ["invalid auth token"]],
  [
    s.failedPrecondition,
    [
      "Peer URLs already exists",
      "authentication is not enabled",
      "bad leader transferee",
      "can only promote a learner member",
      "can only promote a learner member which is in sync with leader",
      "cluster ID mismatch",
      "cluster has a downgrade job in progress",
      "lease already exists",
      "member ID already exist",
      "no inflight downgrade job",
      "permission is not granted to the role",
      "re-configuration failed due to not enough started members",
      "role is not granted to the user",
      "role name already exists",
      "role name not found",
      "root user does not exist",
      "root user does not have root role",
      "too many learner members in cluster",
      "user name already exists",
      "user name not found",
    ],
  ],
];

const codes: ReadonlyMap<string, number> = new Map(
  byCode.flatMap(([code, texts]) => texts.map((text) => [`etcdserver: ${text}`, code] as const)),
);

/** The code that etcd itself gives `text`; undefined for a text that is not a refusal. */
export function codeOfText(text: string): number | undefined {
  return codes.get(text);
}
