/**
 * The lines of the replay over a cluster that wants client certificates, and later passwords too; CA, CERT and KEY
 * stand for their files.
 */
import type { ReplayLine } from "./command-lines.ts";

const withCertificate = "--cacert CA --cert CERT --key KEY";
const l = (line: string, rest: Omit<ReplayLine, "line"> = {}): ReplayLine => ({ line, ...rest });
/** With the client's certificate. */
const c = (line: string, rest: Omit<ReplayLine, "line"> = {}): ReplayLine =>
  l(`${withCertificate} ${line}`, rest);

export const tlsLines: readonly ReplayLine[] = [
  c("put tls on"),
  c("get tls"),
  c("get tls -w json"),
  c("get tls -w fields"),
  c("put tls/a 1 --prev-kv"),
  c("put tls/a 2 --prev-kv -w json"),
  c("get tls --prefix --keys-only"),
  c("watch tls/a --rev 2", { lines: 6 }),
  c("txn", { stdin: 'mod("tls") > "0"\n\nget tls\n\nput tls off\n\n' }),
  c("lease grant 600"),
  c("lease list -w json"),
  c("compaction 2"),
  c("get tls --rev 1"),
  c("alarm list"),
  l("--insecure-skip-tls-verify --cert CERT --key KEY get tls"),
  c("endpoint health"),
  c("endpoint health -w json"),
  c("endpoint health --cluster"),
  c("endpoint status"),
  c("endpoint status -w json"),
  c("endpoint hashkv"),
  c("member list"),
  c("member list -w json"),
  c("member list -w table"),
  l("--cacert CA --cert CERT get tls"),
  l("--cacert CA --key KEY get tls"),
  l("--cacert /nope get tls"),
  l("--cert /nope --key KEY get tls"),
  c("user add root:pw"),
  c("role add root"),
  c("user grant-role root root"),
  c("user add reader:pw"),
  c("role add reads"),
  c("role grant-permission reads read tls/ --prefix"),
  c("user grant-role reader reads"),
  c("auth enable"),
  c("--user root:pw get tls"),
  c("--user root --password pw get tls -w json"),
  c("--user root:wrong get tls"),
  c("--user reader:pw get tls/a"),
  c("--user reader:pw get tls"),
  c("--user reader:pw put tls/a 3"),
  c("--user reader:pw del tls/ --prefix"),
  c("--user root:pw auth status", { since35: true }),
  c("--user root:pw user list"),
  c("--user root:pw role get reads"),
  c("--user root:pw endpoint health"),
  c("--user root:pw endpoint status"),
  c("--user root:pw member list"),
  c("--user root:pw auth disable"),
  c("del tls --prefix"),
];
