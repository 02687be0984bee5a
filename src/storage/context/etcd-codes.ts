/** Codes about the condition of etcd or the connection, not about an object: the same work may succeed later. */
export const etcdCodes = [
  "UNAVAILABLE",
  "DEADLINE",
  "OUTCOME_UNKNOWN",
  "NO_SPACE",
  "CLOSED",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
] as const;
