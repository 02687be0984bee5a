/** Every command with its file and a one-line summary. `own` marks commands that etcdctl does not have. */
import type { Node } from "./cli/command.ts";

export const tree: Node & { readonly nodes: readonly Node[] } = {
  name: "etcdctl-lite",
  summary: "inspects, backs up and restores etcd and keelson's stores",
  nodes: [
    {
      name: "alarm",
      summary: "Alarm related commands",
      nodes: [
        { name: "disarm", summary: "Disarms all alarms", load: () => import("./commands/alarm/disarm.ts") },
        { name: "list", summary: "Lists all alarms", load: () => import("./commands/alarm/list.ts") },
      ],
    },
    {
      name: "auth",
      summary: "Enable or disable authentication",
      nodes: [
        {
          name: "disable",
          summary: "Disables authentication",
          load: () => import("./commands/auth/disable.ts"),
        },
        {
          name: "enable",
          summary: "Enables authentication",
          load: () => import("./commands/auth/enable.ts"),
        },
        {
          name: "status",
          summary: "Returns authentication status",
          load: () => import("./commands/auth/status.ts"),
        },
      ],
    },
    {
      name: "backup",
      summary: "Backups in a repository: full and delta, to any revision or time",
      nodes: [
        {
          name: "create",
          summary: "Takes a full backup, or a delta",
          load: () => import("./commands/backup/create.ts"),
          own: true,
        },
        {
          name: "drill",
          summary: "Restores the newest state, boots an etcd on it and compares",
          load: () => import("./commands/backup/drill.ts"),
          own: true,
        },
        {
          name: "list",
          summary: "Lists the backups of a repository",
          load: () => import("./commands/backup/list.ts"),
          own: true,
        },
        {
          name: "prune",
          summary: "Removes backups by a retention policy",
          load: () => import("./commands/backup/prune.ts"),
          own: true,
        },
        {
          name: "recover",
          summary: "Restores every member of a lost cluster, and checks the cluster after its start",
          load: () => import("./commands/backup/recover.ts"),
          own: true,
        },
        {
          name: "restore",
          summary: "Restores a data directory from a repository",
          load: () => import("./commands/backup/restore.ts"),
          own: true,
        },
        {
          name: "run",
          summary: "Takes backups on a schedule: retention, drills, metrics",
          load: () => import("./commands/backup/run.ts"),
          own: true,
        },
        {
          name: "verify",
          summary: "Reads a repository back and verifies all of it",
          load: () => import("./commands/backup/verify.ts"),
          own: true,
        },
      ],
    },
    {
      name: "check",
      summary: "Checks properties of the etcd cluster",
      nodes: [
        {
          name: "datascale",
          summary:
            "Check the memory usage of holding data for different workloads on a given server endpoint.",
          load: () => import("./commands/check/datascale.ts"),
        },
        {
          name: "perf",
          summary: "Check the performance of the etcd cluster",
          load: () => import("./commands/check/perf.ts"),
        },
      ],
    },
    {
      name: "compaction",
      summary: "Compacts the event history in etcd",
      load: () => import("./commands/compaction.ts"),
    },
    {
      name: "completion",
      summary: "Generates the autocompletion script for bash, zsh or fish",
      load: () => import("./commands/completion.ts"),
    },
    {
      name: "defrag",
      summary: "Defragments the storage of the etcd members with given endpoints",
      load: () => import("./commands/defrag.ts"),
    },
    {
      name: "del",
      summary: "Removes the specified key or range of keys [key, range_end)",
      load: () => import("./commands/del.ts"),
    },
    {
      name: "diff",
      summary: "Shows keys that differ between two revisions",
      load: () => import("./commands/diff.ts"),
      own: true,
    },
    {
      name: "doctor",
      summary: "Checks the cluster and recommends actions",
      load: () => import("./commands/doctor/doctor.ts"),
      own: true,
    },
    {
      name: "downgrade",
      summary: "Downgrade related commands",
      nodes: [
        {
          name: "cancel",
          summary: "Cancel the ongoing downgrade action to cluster",
          load: () => import("./commands/downgrade/cancel.ts"),
        },
        {
          name: "enable",
          summary: "Start a downgrade action to cluster",
          load: () => import("./commands/downgrade/enable.ts"),
        },
        {
          name: "validate",
          summary: "Validate downgrade capability before starting downgrade",
          load: () => import("./commands/downgrade/validate.ts"),
        },
      ],
    },
    {
      name: "elect",
      summary: "Observes and participates in leader election",
      load: () => import("./commands/elect.ts"),
    },
    {
      name: "endpoint",
      summary: "Endpoint related commands",
      nodes: [
        {
          name: "hashkv",
          summary: "Prints the KV history hash for each endpoint in --endpoints",
          load: () => import("./commands/endpoint/hashkv.ts"),
        },
        {
          name: "health",
          summary: "Checks the healthiness of endpoints specified in --endpoints",
          load: () => import("./commands/endpoint/health.ts"),
        },
        {
          name: "status",
          summary: "Prints out the status of endpoints specified in --endpoints",
          load: () => import("./commands/endpoint/status.ts"),
        },
      ],
    },
    { name: "get", summary: "Gets the key or a range of keys", load: () => import("./commands/get.ts") },
    {
      name: "history",
      summary: "Shows every recorded version of a key",
      load: () => import("./commands/history.ts"),
      own: true,
    },
    {
      name: "lease",
      summary: "Lease related commands",
      nodes: [
        { name: "grant", summary: "Creates leases", load: () => import("./commands/lease/grant.ts") },
        {
          name: "keep-alive",
          summary: "Keeps leases alive (renew)",
          load: () => import("./commands/lease/keep-alive.ts"),
        },
        { name: "list", summary: "List all active leases", load: () => import("./commands/lease/list.ts") },
        { name: "revoke", summary: "Revokes leases", load: () => import("./commands/lease/revoke.ts") },
        {
          name: "timetolive",
          summary: "Get lease information",
          load: () => import("./commands/lease/timetolive.ts"),
        },
      ],
    },
    {
      name: "lock",
      summary: "Acquires a named lock",
      load: () => import("./commands/lock.ts"),
    },
    {
      name: "make-mirror",
      summary: "Makes a mirror at the destination etcd cluster",
      load: () => import("./commands/mirror/make-mirror.ts"),
    },
    {
      name: "member",
      summary: "Membership related commands",
      nodes: [
        {
          name: "add",
          summary: "Adds a member into the cluster",
          load: () => import("./commands/member/add.ts"),
        },
        {
          name: "list",
          summary: "Lists all members in the cluster",
          load: () => import("./commands/member/list.ts"),
        },
        {
          name: "promote",
          summary: "Promotes a non-voting member in the cluster",
          load: () => import("./commands/member/promote.ts"),
        },
        {
          name: "remove",
          summary: "Removes a member from the cluster",
          load: () => import("./commands/member/remove.ts"),
        },
        {
          name: "update",
          summary: "Updates a member in the cluster",
          load: () => import("./commands/member/update.ts"),
        },
      ],
    },
    {
      name: "move-leader",
      summary: "Transfers leadership to another etcd cluster member.",
      load: () => import("./commands/move-leader.ts"),
    },
    { name: "put", summary: "Puts the given key into the store", load: () => import("./commands/put.ts") },
    {
      name: "quota",
      summary: "Quotas of a keelson store",
      nodes: [
        {
          name: "list",
          summary: "Lists quotas and their use",
          load: () => import("./commands/quota/list.ts"),
          own: true,
        },
        {
          name: "reconcile",
          summary: "Counts again and corrects ledgers",
          load: () => import("./commands/quota/reconcile.ts"),
          own: true,
        },
        {
          name: "set",
          summary: "Sets the limits of a namespace",
          load: () => import("./commands/quota/set.ts"),
          own: true,
        },
      ],
    },
    {
      name: "resources",
      summary: "Objects of a keelson store or a Kubernetes cluster",
      nodes: [
        {
          name: "delete",
          summary: "Deletes an object that cannot be read",
          load: () => import("./commands/resources/delete.ts"),
          own: true,
        },
        {
          name: "get",
          summary: "Shows objects, decoded",
          load: () => import("./commands/resources/get.ts"),
          own: true,
        },
        {
          name: "list",
          summary: "Shows which kinds there are, how many of each and how large",
          load: () => import("./commands/resources/list.ts"),
          own: true,
        },
      ],
    },
    {
      name: "restore",
      summary: "Objects of a backup into a running store",
      nodes: [
        {
          name: "objects",
          summary: "Restores chosen objects, and shows the differences first",
          load: () => import("./commands/restore/objects.ts"),
          own: true,
        },
        {
          name: "undo",
          summary: "Takes a restore of objects back",
          load: () => import("./commands/restore/undo.ts"),
          own: true,
        },
      ],
    },
    {
      name: "role",
      summary: "Role related commands",
      nodes: [
        { name: "add", summary: "Adds a new role", load: () => import("./commands/role/add.ts") },
        { name: "delete", summary: "Deletes a role", load: () => import("./commands/role/delete.ts") },
        {
          name: "get",
          summary: "Gets detailed information of a role",
          load: () => import("./commands/role/get.ts"),
        },
        {
          name: "grant-permission",
          summary: "Grants a key to a role",
          load: () => import("./commands/role/grant-permission.ts"),
        },
        { name: "list", summary: "Lists all roles", load: () => import("./commands/role/list.ts") },
        {
          name: "revoke-permission",
          summary: "Revokes a key from a role",
          load: () => import("./commands/role/revoke-permission.ts"),
        },
      ],
    },
    {
      name: "snapshot",
      summary: "Manages etcd node snapshots",
      nodes: [
        {
          name: "restore",
          summary: "Restores an etcd member snapshot to an etcd directory",
          load: () => import("./commands/snapshot/restore.ts"),
        },
        {
          name: "save",
          summary: "Stores an etcd node backend snapshot to a given file",
          load: () => import("./commands/snapshot/save.ts"),
        },
        {
          name: "status",
          summary: "Gets backend snapshot status of a given file",
          load: () => import("./commands/snapshot/status.ts"),
        },
        {
          name: "verify",
          summary: "Proves a snapshot: hash, pages, records, and against a live or a booted etcd",
          load: () => import("./commands/snapshot/verify.ts"),
          own: true,
        },
      ],
    },
    {
      name: "top",
      summary: "Shows keys, bytes and requests as they change, by prefix",
      load: () => import("./commands/top/top.ts"),
      own: true,
    },
    {
      name: "txn",
      summary: "Txn processes all the requests in one transaction",
      load: () => import("./commands/txn/txn.ts"),
    },
    {
      name: "ui",
      summary: "Serves a web page that shows the contents of etcd",
      load: () => import("./commands/ui/ui.ts"),
      own: true,
    },
    {
      name: "undelete",
      summary: "Brings a deleted key back as it last was",
      load: () => import("./commands/undelete.ts"),
      own: true,
    },
    {
      name: "user",
      summary: "User related commands",
      nodes: [
        { name: "add", summary: "Adds a new user", load: () => import("./commands/user/add.ts") },
        { name: "delete", summary: "Deletes a user", load: () => import("./commands/user/delete.ts") },
        {
          name: "get",
          summary: "Gets detailed information of a user",
          load: () => import("./commands/user/get.ts"),
        },
        {
          name: "grant-role",
          summary: "Grants a role to a user",
          load: () => import("./commands/user/grant-role.ts"),
        },
        { name: "list", summary: "Lists all users", load: () => import("./commands/user/list.ts") },
        {
          name: "passwd",
          summary: "Changes password of user",
          load: () => import("./commands/user/passwd.ts"),
        },
        {
          name: "revoke-role",
          summary: "Revokes a role from a user",
          load: () => import("./commands/user/revoke-role.ts"),
        },
      ],
    },
    {
      name: "version",
      summary: "Prints the version of etcdctl",
      load: () => import("./commands/version.ts"),
    },
    {
      name: "watch",
      summary: "Watches events stream on keys or prefixes",
      load: () => import("./commands/watch/watch.ts"),
    },
  ],
};
