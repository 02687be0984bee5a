/**
 * What an operator of etcd 3.6 types, in order: each line finds what the ones before have left. Snapshots, members and
 * downgrades come last, since they change the cluster. DIR stands for a temporary folder of the replay.
 *
 * Left out: what is known without a server (`version`, wrong arguments of `snapshot save`), which keeps to 3.5.30; and
 * `snapshot restore`, of which etcdctl-lite says more (cross.test.ts boots what it restores).
 */
import type { ReplayLine } from "./command-lines.ts";

const l = (line: string, rest: Omit<ReplayLine, "line"> = {}): ReplayLine => ({ line, ...rest });
/** The answer is that of a server of 3.6. */
const s = (line: string, rest: Omit<ReplayLine, "line"> = {}): ReplayLine =>
  l(line, { since36: true, ...rest });
/** Asks no server. */
const utl = (line: string): ReplayLine => l(line, { tool: "etcdutl" });

const snapshot = "test/fixtures/snapshots/etcd-3.6.14.db";

const keys: readonly ReplayLine[] = [
  l("put greeting hello"),
  l("put greeting hello2 --prev-kv"),
  l("put fleet/a 1"),
  l("put fleet/b 2"),
  l("put fleet/c 3 -w json"),
  l("--max-request-bytes 2000000 --max-recv-bytes 2000000 get greeting"),
  l("get greeting -w json"),
  l("get greeting -w fields"),
  s("get greeting --hex -w fields"),
  l("get fleet/ --prefix --keys-only"),
  l("get fleet/ --prefix --min-mod-rev 5"),
  l("get fleet/ --prefix --max-mod-rev 4 -w json"),
  l("get fleet/ --prefix --min-create-rev 6"),
  l("get fleet/ --prefix --max-create-rev 4"),
  l("get fleet/ --prefix --min-create-rev 9 --max-create-rev 3"),
  l("get fleet/ --prefix --min-mod-rev 9 --max-mod-rev 3"),
  l("get fleet/ --prefix --min-mod-rev -1"),
  l("get fleet/ --prefix --count-only -w fields"),
  l("txn", { stdin: 'mod("greeting") > "0"\n\nput greeting new\nget fleet/a\n\nput greeting old\n\n' }),
  l("watch greeting --rev 2", { lines: 6 }),
  s("watch greeting --rev 2 --hex -w fields", { lines: 13 }),
];

const upkeep: readonly ReplayLine[] = [
  s("lease grant 600 --hex -w fields"),
  s("lease timetolive 7 --hex -w fields"),
  s("lease list --hex -w fields"),
  l("compaction 3"),
  l("get greeting --rev 1"),
  l("alarm list"),
  s("defrag"),
  s("defrag --cluster"),
  s("endpoint status"),
  s("endpoint status -w json"),
  s("endpoint status -w fields"),
  s("endpoint status -w table"),
  s("endpoint status --cluster --hex -w fields"),
  s("endpoint hashkv"),
  s("endpoint hashkv -w json"),
  s("endpoint hashkv -w fields"),
  s("endpoint hashkv -w table"),
  s("endpoint hashkv --rev 5"),
  l("endpoint health"),
  l("endpoint health -w json"),
  s("endpoint health -w table"),
  s("member list -w fields"),
  s("member list -w fields --hex"),
  s("member list -w table"),
  s("--hex member list -w json"),
  l("member list --consistency s"),
];

const users: readonly ReplayLine[] = [
  l("user add root:pw"),
  l("role add root"),
  l("role get root"),
  l("user grant-role root root"),
  l("user add reader:pw"),
  l("role add reads"),
  l("role grant-permission reads read fleet/ --prefix"),
  l("user grant-role reader reads"),
  l("auth enable"),
  s("--user root:pw endpoint status"),
  s("--user root:pw endpoint status -w table"),
  s("--user root:pw endpoint status --cluster"),
  s("--user root:pw member list -w table"),
  s("--user root:pw endpoint hashkv -w table"),
  l("--user reader:pw get fleet/ --prefix --print-value-only"),
  l("--user reader:pw get greeting"),
  s("--user reader:pw member list -w table"),
  s("--user reader:pw endpoint status"),
  s("--user reader:pw endpoint hashkv"),
  s("--user reader:pw downgrade validate 3.5"),
  s("endpoint status"),
  l("--user root:pw auth disable"),
];

const snapshots: readonly ReplayLine[] = [
  s("snapshot save DIR/one.db"),
  utl(`snapshot status ${snapshot}`),
  utl(`snapshot status ${snapshot} -w json`),
  utl(`snapshot status ${snapshot} -w fields`),
  utl(`snapshot status ${snapshot} -w table`),
  utl("snapshot status"),
];

const cluster: readonly ReplayLine[] = [
  s("member add m2 --peer-urls=http://127.0.0.1:1 --learner"),
  s("member add m3 --peer-urls=http://127.0.0.1:2 --learner"),
  s("endpoint status -w json"),
  l("downgrade validate"),
  l("downgrade validate 3.5 3.4"),
  l("downgrade enable"),
  l("downgrade enable latest"),
  s("downgrade validate 3.5"),
  s("downgrade validate 3.5.0 -w json"),
  s("downgrade validate 3.5 -w fields"),
  s("downgrade validate 3.5 -w table"),
  s("downgrade validate 3.4"),
  s("downgrade validate 3.6"),
  s("downgrade cancel"),
  s("downgrade enable 3.5"),
  s("downgrade enable 3.5"),
  s("downgrade validate 3.5"),
  s("downgrade cancel -w json"),
  s("downgrade cancel"),
];

export const lines36: readonly ReplayLine[] = [...keys, ...upkeep, ...users, ...snapshots, ...cluster];
