/** Every command with its file and a one-line summary. `own` marks commands that etcdctl does not have. */
import type { Command, Node } from "./cli/command.ts";

export const tree: Node & { readonly nodes: readonly Node[] } = {
  name: "etcdctl-lite",
  summary: "inspects, backs up and restores etcd and keelson's stores",
  nodes: [
    group("alarm", "Alarm related commands", [
      command("disarm", "Disarms all alarms", () => import("./commands/alarm/disarm.ts")),
      command("list", "Lists all alarms", () => import("./commands/alarm/list.ts")),
    ]),
    group("auth", "Enable or disable authentication", [
      command("disable", "Disables authentication", () => import("./commands/auth/disable.ts")),
      command("enable", "Enables authentication", () => import("./commands/auth/enable.ts")),
      command("status", "Returns authentication status", () => import("./commands/auth/status.ts")),
    ]),
    group("backup", "Backups in a repository: full and delta, to any revision or time", [
      own("create", "Takes a full backup, or a delta", () => import("./commands/backup/create.ts")),
      own(
        "drill",
        "Restores the newest state, boots an etcd on it and compares",
        () => import("./commands/backup/drill.ts"),
      ),
      own("list", "Lists the backups of a repository", () => import("./commands/backup/list.ts")),
      own("prune", "Removes backups by a retention policy", () => import("./commands/backup/prune.ts")),
      own(
        "recover",
        "Restores every member of a lost cluster, and checks the cluster after its start",
        () => import("./commands/backup/recover.ts"),
      ),
      own(
        "restore",
        "Restores a data directory from a repository",
        () => import("./commands/backup/restore.ts"),
      ),
      own(
        "run",
        "Takes backups on a schedule: retention, drills, metrics",
        () => import("./commands/backup/run.ts"),
      ),
      own(
        "verify",
        "Reads a repository back and verifies all of it",
        () => import("./commands/backup/verify.ts"),
      ),
    ]),
    group("check", "Checks properties of the etcd cluster", [
      command(
        "datascale",
        "Check the memory usage of holding data for different workloads on a given server endpoint.",
        () => import("./commands/check/datascale.ts"),
      ),
      command("perf", "Check the performance of the etcd cluster", () => import("./commands/check/perf.ts")),
    ]),
    command("compaction", "Compacts the event history in etcd", () => import("./commands/compaction.ts")),
    command(
      "completion",
      "Generates the autocompletion script for bash, zsh or fish",
      () => import("./commands/completion.ts"),
    ),
    command(
      "defrag",
      "Defragments the storage of the etcd members with given endpoints",
      () => import("./commands/defrag.ts"),
    ),
    command(
      "del",
      "Removes the specified key or range of keys [key, range_end)",
      () => import("./commands/del.ts"),
    ),
    own("diff", "Shows keys that differ between two revisions", () => import("./commands/diff.ts")),
    own("doctor", "Checks the cluster and recommends actions", () => import("./commands/doctor/doctor.ts")),
    group("downgrade", "Downgrade related commands", [
      command(
        "cancel",
        "Cancel the ongoing downgrade action to cluster",
        () => import("./commands/downgrade/cancel.ts"),
      ),
      command(
        "enable",
        "Start a downgrade action to cluster",
        () => import("./commands/downgrade/enable.ts"),
      ),
      command(
        "validate",
        "Validate downgrade capability before starting downgrade",
        () => import("./commands/downgrade/validate.ts"),
      ),
    ]),
    command("elect", "Observes and participates in leader election", () => import("./commands/elect.ts")),
    group("endpoint", "Endpoint related commands", [
      command(
        "hashkv",
        "Prints the KV history hash for each endpoint in --endpoints",
        () => import("./commands/endpoint/hashkv.ts"),
      ),
      command(
        "health",
        "Checks the healthiness of endpoints specified in --endpoints",
        () => import("./commands/endpoint/health.ts"),
      ),
      command(
        "status",
        "Prints out the status of endpoints specified in --endpoints",
        () => import("./commands/endpoint/status.ts"),
      ),
    ]),
    command("get", "Gets the key or a range of keys", () => import("./commands/get.ts")),
    own("history", "Shows every recorded version of a key", () => import("./commands/history.ts")),
    group("lease", "Lease related commands", [
      command("grant", "Creates leases", () => import("./commands/lease/grant.ts")),
      command("keep-alive", "Keeps leases alive (renew)", () => import("./commands/lease/keep-alive.ts")),
      command("list", "List all active leases", () => import("./commands/lease/list.ts")),
      command("revoke", "Revokes leases", () => import("./commands/lease/revoke.ts")),
      command("timetolive", "Get lease information", () => import("./commands/lease/timetolive.ts")),
    ]),
    command("lock", "Acquires a named lock", () => import("./commands/lock.ts")),
    command(
      "make-mirror",
      "Makes a mirror at the destination etcd cluster",
      () => import("./commands/mirror/make-mirror.ts"),
    ),
    group("member", "Membership related commands", [
      command("add", "Adds a member into the cluster", () => import("./commands/member/add.ts")),
      command("list", "Lists all members in the cluster", () => import("./commands/member/list.ts")),
      command(
        "promote",
        "Promotes a non-voting member in the cluster",
        () => import("./commands/member/promote.ts"),
      ),
      command("remove", "Removes a member from the cluster", () => import("./commands/member/remove.ts")),
      command("update", "Updates a member in the cluster", () => import("./commands/member/update.ts")),
    ]),
    command(
      "move-leader",
      "Transfers leadership to another etcd cluster member.",
      () => import("./commands/move-leader.ts"),
    ),
    command("put", "Puts the given key into the store", () => import("./commands/put.ts")),
    group("quota", "Quotas of a keelson store", [
      own("list", "Lists quotas and their use", () => import("./commands/quota/list.ts")),
      own("reconcile", "Counts again and corrects ledgers", () => import("./commands/quota/reconcile.ts")),
      own("set", "Sets the limits of a namespace", () => import("./commands/quota/set.ts")),
    ]),
    group("resources", "Objects of a keelson store or a Kubernetes cluster", [
      own("delete", "Deletes an object that cannot be read", () => import("./commands/resources/delete.ts")),
      own("get", "Shows objects, decoded", () => import("./commands/resources/get.ts")),
      own(
        "list",
        "Shows which kinds there are, how many of each and how large",
        () => import("./commands/resources/list.ts"),
      ),
    ]),
    group("restore", "Objects of a backup into a running store", [
      own(
        "objects",
        "Restores chosen objects, and shows the differences first",
        () => import("./commands/restore/objects.ts"),
      ),
      own("undo", "Takes a restore of objects back", () => import("./commands/restore/undo.ts")),
    ]),
    group("role", "Role related commands", [
      command("add", "Adds a new role", () => import("./commands/role/add.ts")),
      command("delete", "Deletes a role", () => import("./commands/role/delete.ts")),
      command("get", "Gets detailed information of a role", () => import("./commands/role/get.ts")),
      command(
        "grant-permission",
        "Grants a key to a role",
        () => import("./commands/role/grant-permission.ts"),
      ),
      command("list", "Lists all roles", () => import("./commands/role/list.ts")),
      command(
        "revoke-permission",
        "Revokes a key from a role",
        () => import("./commands/role/revoke-permission.ts"),
      ),
    ]),
    group("snapshot", "Manages etcd node snapshots", [
      command(
        "restore",
        "Restores an etcd member snapshot to an etcd directory",
        () => import("./commands/snapshot/restore.ts"),
      ),
      command(
        "save",
        "Stores an etcd node backend snapshot to a given file",
        () => import("./commands/snapshot/save.ts"),
      ),
      command(
        "status",
        "Gets backend snapshot status of a given file",
        () => import("./commands/snapshot/status.ts"),
      ),
      own(
        "verify",
        "Proves a snapshot: hash, pages, records, and against a live or a booted etcd",
        () => import("./commands/snapshot/verify.ts"),
      ),
    ]),
    own(
      "top",
      "Shows keys, bytes and requests as they change, by prefix",
      () => import("./commands/top/top.ts"),
    ),
    command(
      "txn",
      "Txn processes all the requests in one transaction",
      () => import("./commands/txn/txn.ts"),
    ),
    own("ui", "Serves a web page that shows the contents of etcd", () => import("./commands/ui/ui.ts")),
    own("undelete", "Brings a deleted key back as it last was", () => import("./commands/undelete.ts")),
    group("user", "User related commands", [
      command("add", "Adds a new user", () => import("./commands/user/add.ts")),
      command("delete", "Deletes a user", () => import("./commands/user/delete.ts")),
      command("get", "Gets detailed information of a user", () => import("./commands/user/get.ts")),
      command("grant-role", "Grants a role to a user", () => import("./commands/user/grant-role.ts")),
      command("list", "Lists all users", () => import("./commands/user/list.ts")),
      command("passwd", "Changes password of user", () => import("./commands/user/passwd.ts")),
      command("revoke-role", "Revokes a role from a user", () => import("./commands/user/revoke-role.ts")),
    ]),
    command("version", "Prints the version of etcdctl", () => import("./commands/version.ts")),
    command("watch", "Watches events stream on keys or prefixes", () => import("./commands/watch/watch.ts")),
  ],
};

type Load = () => Promise<{ readonly command: Command }>;

function command(name: string, summary: string, load: Load): Node {
  return { name, summary, load };
}

function own(name: string, summary: string, load: Load): Node {
  return { name, summary, load, own: true };
}

function group(name: string, summary: string, nodes: readonly Node[]): Node {
  return { name, summary, nodes };
}
