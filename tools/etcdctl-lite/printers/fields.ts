/** `-w fields`: one field per line, `"Name" : value`, for scripts that read lines. */
import type { Header, KeyValue, TxnOpResponse } from "keelson/etcd";
import type { Result } from "../results.ts";
import { formatDuration } from "../text/duration.ts";
import { hexId, leaseId, quoteBytes, quoteList } from "../text/quote.ts";
import { type Printer, type PrinterOptions, refuseFormat } from "./printer.ts";

export function fieldsPrinter({ io, hex, line }: PrinterOptions): Printer {
  const field = (name: string, value: unknown): void =>
    void io.stdout.write(`"${name}" : ${String(value)}\n`);
  const blank = (): void => void io.stdout.write("\n");
  const is36 = (): boolean => line() === "3.6";
  // From 3.6 on `--hex` also applies to ids.
  const idField = (name: string, id: bigint): void => field(name, hex && is36() ? hexId(id) : id);
  const leaseField = (name: string, id: bigint): void => field(name, hex && is36() ? leaseId(id) : id);
  const headerFields = ({ clusterId, memberId, revision, raftTerm }: Header): void => {
    idField("ClusterID", clusterId);
    idField("MemberID", memberId);
    // Responses without keys have none.
    if (revision > 0n || !is36()) field("Revision", revision);
    field("RaftTerm", raftTerm);
  };
  const pair = (kv: KeyValue, before = ""): void => {
    field(`${before}Key`, quoteBytes(kv.key));
    field(`${before}CreateRevision`, kv.createRevision);
    field(`${before}ModRevision`, kv.modRevision);
    field(`${before}Version`, kv.version);
    field(`${before}Value`, quoteBytes(kv.value));
    leaseField(`${before}Lease`, kv.lease);
  };

  function txnPart(part: TxnOpResponse): void {
    switch (part.type) {
      case "range":
        return print({ type: "get", response: part.range, valuesOnly: false });
      case "put":
        return print({ type: "put", response: part.put });
      case "delete":
        return print({ type: "del", response: part.delete });
      case "txn":
        return print({ type: "txn", response: part.txn });
    }
  }

  function print(result: Result): void {
    // etcdctl has no fields output for users and reports that.
    if (result.type === "user" || result.type === "auth-status" || result.type === "downgrade") {
      refuseFormat("fields");
    }
    if (result.type === "names" && result.of === "users") refuseFormat("fields");
    if ("header" in result && result.header !== undefined) headerFields(result.header);
    if ("response" in result) headerFields(result.response.header);
    switch (result.type) {
      case "get":
        for (const kv of result.response.kvs) pair(kv);
        field("More", result.response.more);
        return field("Count", result.response.count);
      case "put":
        if (result.response.prevKv !== undefined) pair(result.response.prevKv, "Prev");
        return;
      case "del":
        field("Deleted", result.response.deleted);
        for (const kv of result.response.prevKvs) pair(kv, "Prev");
        return;
      case "txn":
        field("Succeeded", result.response.succeeded);
        for (const part of result.response.responses) txnPart(part);
        return;
      case "watch":
        for (const { type, kv, prevKv } of result.events) {
          field("Type", type === "put" ? "PUT" : "DELETE");
          if (prevKv !== undefined) pair(prevKv, "Prev");
          pair(kv);
        }
        return;
      case "lease-grant":
      case "lease-keep-alive":
        leaseField("ID", result.id);
        return field("TTL", result.ttlSeconds);
      case "lease-time-to-live":
        leaseField("ID", result.id);
        field("TTL", result.ttlSeconds);
        field("GrantedTTL", result.grantedTtlSeconds);
        for (const key of result.keys ?? []) field("Key", quoteBytes(key));
        return;
      case "lease-list":
        for (const id of result.ids) leaseField("ID", id);
        return;
      case "alarms":
        for (const { memberId, type } of result.alarms) {
          idField("MemberID", memberId);
          field("AlarmType", type);
          blank();
        }
        return;
      case "member-list":
        for (const { id, name, peerUrls, clientUrls, isLearner } of result.members) {
          idField("ID", id);
          field("Name", quoteBytes(name));
          for (const url of peerUrls) field("PeerURL", quoteBytes(url));
          for (const url of clientUrls) field("ClientURL", quoteBytes(url));
          field("IsLearner", isLearner);
          blank();
        }
        return;
      case "member-change":
        if (result.member === undefined) return;
        idField("MemberID", result.id);
        field("Name", quoteBytes(result.member.name));
        for (const url of result.member.peerUrls) field("PeerURL", quoteBytes(url));
        for (const url of result.member.clientUrls) field("ClientURL", quoteBytes(url));
        return;
      case "endpoint-health":
        for (const { endpoint, healthy, tookNs, error, probes } of result.endpoints) {
          field("Endpoint", quoteBytes(endpoint));
          field("Health", healthy);
          field("Took", formatDuration(tookNs));
          field("Error", error);
          if (probes !== undefined) {
            field("Livez", quoteBytes(probes.livez));
            field("Readyz", quoteBytes(probes.readyz));
          }
          blank();
        }
        return;
      case "endpoint-status":
        for (const status of result.endpoints) {
          headerFields(status.header);
          field("Version", quoteBytes(status.version));
          if (is36()) field("StorageVersion", quoteBytes(status.storageVersion ?? ""));
          field("DBSize", status.databaseBytes);
          if (is36()) {
            field("DBSizeInUse", status.databaseBytesInUse);
            field("DBSizeQuota", status.databaseQuotaBytes ?? 0n);
          }
          field("Leader", status.leader);
          field("IsLearner", status.isLearner);
          field("RaftIndex", status.raftIndex);
          field("RaftTerm", status.raftTerm);
          field("RaftAppliedIndex", status.raftAppliedIndex);
          field("Errors", quoteList(status.errors));
          field("Endpoint", quoteBytes(status.endpoint));
          if (is36()) {
            field("DowngradeTargetVersion", quoteBytes(status.downgrade?.targetVersion ?? ""));
            field("DowngradeEnabled", status.downgrade?.enabled ?? false);
          }
          blank();
        }
        return;
      case "endpoint-hashkv":
        for (const { endpoint, header, hash, hashRevision = 0n } of result.endpoints) {
          headerFields(header);
          field("Endpoint", quoteBytes(endpoint));
          field("Hash", hash);
          if (is36()) field("HashRevision", hashRevision);
          blank();
        }
        return;
      case "done":
        return;
      case "role":
        for (const { type, key, rangeEnd } of result.permissions) {
          // Two spaces, as in etcdctl.
          field("PermType", ` ${type.toUpperCase()}`);
          field("Key", quoteBytes(key));
          field("RangeEnd", quoteBytes(rangeEnd ?? ""));
        }
        return;
      case "names":
        return void io.stdout.write(
          `"Roles" :${result.names.map((name) => ` ${quoteBytes(name)}`).join("")}\n`,
        );
      case "snapshot-status":
        field("Hash", result.hash);
        field("Revision", result.revision);
        field("Keys", result.totalKey);
        field("Size", result.totalSize);
        if (result.version !== undefined) field("Version", result.version);
        return;
    }
  }
  return { print };
}
