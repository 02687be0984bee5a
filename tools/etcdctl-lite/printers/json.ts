/** `-w json`: etcd's messages as etcdctl writes them; a field with its zero value is left out. */
import type { Header, KeyValue, Member, TxnOpResponse, TxnResponse } from "keelson/etcd";
import type { Result } from "../results.ts";
import { formatDuration } from "../text/duration.ts";
import { type GoJson, type GoObject, goJson, withoutZeros } from "../text/go-json.ts";
import { hexId } from "../text/quote.ts";
import type { Printer, PrinterOptions } from "./printer.ts";
import type { ToolLine } from "./tool-line.ts";

export function jsonPrinter({ io, hex, line }: PrinterOptions): Printer {
  return {
    print(result) {
      const document = hex && result.type === "member-list" ? hexMembers(result, line()) : documentOf(result);
      io.stdout.write(`${goJson(document)}\n`);
    },
  };
}

function documentOf(result: Result): GoJson {
  switch (result.type) {
    case "get": {
      const { header, kvs, more, count } = result.response;
      return { header: headerOf(header), ...withoutZeros({ kvs: kvs.map(jsonPair), more, count }) };
    }
    case "put": {
      const { header, prevKv } = result.response;
      return { header: headerOf(header), prev_kv: prevKv === undefined ? undefined : jsonPair(prevKv) };
    }
    case "del": {
      const { header, deleted, prevKvs } = result.response;
      return { header: headerOf(header), ...withoutZeros({ deleted, prev_kvs: prevKvs.map(jsonPair) }) };
    }
    case "txn":
      return txnOf(result.response);
    case "watch":
      return {
        Header: headerOf(result.header),
        Events: result.events.map(({ type, kv, prevKv }) => ({
          type: type === "delete" ? 1 : undefined,
          kv: jsonPair(kv),
          prev_kv: prevKv === undefined ? undefined : jsonPair(prevKv),
        })),
        CompactRevision: 0,
        Canceled: false,
        Created: false,
      };
    case "lease-grant":
      return { ...headerOf(result.header), ID: result.id, TTL: result.ttlSeconds, Error: "" };
    case "lease-keep-alive":
      return { ...headerOf(result.header), ID: result.id, TTL: result.ttlSeconds };
    case "lease-time-to-live": {
      const { header, id, ttlSeconds, grantedTtlSeconds, keys = [] } = result;
      return {
        ...headerOf(header),
        id,
        ttl: ttlSeconds,
        "granted-ttl": grantedTtlSeconds,
        keys: keys.length === 0 ? null : keys,
      };
    }
    case "lease-list":
      return { ...headerOf(result.header), leases: result.ids.map((id) => ({ id })) };
    case "alarms": {
      const alarms = result.alarms.map(({ memberId, type }) =>
        withoutZeros({ memberID: memberId, alarm: ["NONE", "NOSPACE", "CORRUPT"].indexOf(type) }),
      );
      return {
        header: result.header === undefined ? undefined : headerOf(result.header),
        ...withoutZeros({ alarms }),
      };
    }
    case "member-list":
      return { header: headerOf(result.header), members: result.members.map(memberOf) };
    case "member-change":
      return {
        header: headerOf(result.header),
        member: result.member === undefined ? undefined : memberOf(result.member),
        members: result.members.map(memberOf),
      };
    case "endpoint-health":
      return result.endpoints.map(({ endpoint, healthy, tookNs, error, probes }) => ({
        endpoint,
        health: healthy,
        took: formatDuration(tookNs),
        error: error === "" ? undefined : error,
        ...withoutZeros({ ...probes }),
      }));
    case "endpoint-status":
      return result.endpoints.map((status) => ({
        Endpoint: status.endpoint,
        Status: {
          header: headerOf(status.header),
          ...withoutZeros({
            version: status.version,
            dbSize: status.databaseBytes,
            leader: status.leader,
            raftIndex: status.raftIndex,
            raftTerm: status.raftTerm,
            raftAppliedIndex: status.raftAppliedIndex,
            errors: status.errors,
            dbSizeInUse: status.databaseBytesInUse,
            isLearner: status.isLearner,
            storageVersion: status.storageVersion,
            dbSizeQuota: status.databaseQuotaBytes,
            downgradeInfo: status.downgrade === undefined ? undefined : withoutZeros({ ...status.downgrade }),
          }),
        },
      }));
    case "endpoint-hashkv":
      return result.endpoints.map(({ endpoint, header, hash, compactRevision, hashRevision }) => ({
        Endpoint: endpoint,
        HashKV: {
          header: headerOf(header),
          ...withoutZeros({ hash, compact_revision: compactRevision, hash_revision: hashRevision }),
        },
      }));
    case "downgrade":
      return { header: headerOf(result.header), ...withoutZeros({ version: result.clusterVersion }) };
    case "done":
      return { header: headerOf(result.header) };
    case "auth-status": {
      const { header, enabled, authRevision } = result;
      return { header: headerOf(header), ...withoutZeros({ enabled, authRevision }) };
    }
    case "user":
      return { header: headerOf(result.header), ...withoutZeros({ roles: result.roles }) };
    case "role": {
      const perm = result.permissions.map(({ type, key, rangeEnd }) =>
        withoutZeros({ permType: ["read", "write", "readwrite"].indexOf(type), key, range_end: rangeEnd }),
      );
      return { header: headerOf(result.header), ...withoutZeros({ perm }) };
    }
    case "names":
      return { header: headerOf(result.header), ...withoutZeros({ [result.of]: result.names }) };
    case "snapshot-status": {
      const { hash, revision, totalKey, totalSize, version } = result;
      return { hash, revision, totalKey, totalSize, ...(version === undefined ? {} : { version }) };
    }
  }
}

function headerOf({ clusterId, memberId, revision, raftTerm }: Header): GoObject {
  return withoutZeros({ cluster_id: clusterId, member_id: memberId, revision, raft_term: raftTerm });
}

/** A key and its value, for commands that print single pairs. */
export function jsonPair({ key, createRevision, modRevision, version, value, lease }: KeyValue): GoObject {
  return withoutZeros({
    key,
    create_revision: createRevision,
    mod_revision: modRevision,
    version,
    value,
    lease,
  });
}

function memberOf({ id, name, peerUrls, clientUrls, isLearner }: Member): GoObject {
  return withoutZeros({ ID: id, name, peerURLs: peerUrls, clientURLs: clientUrls, isLearner });
}

function txnOf({ header, succeeded, responses }: TxnResponse): GoObject {
  return {
    header: headerOf(header),
    ...withoutZeros({ succeeded, responses: responses.map((part) => ({ Response: partOf(part) })) }),
  };
}

function partOf(part: TxnOpResponse): GoObject {
  switch (part.type) {
    case "range": {
      const { header, kvs, more, count } = part.range;
      return {
        response_range: {
          header: headerOf(header),
          ...withoutZeros({ kvs: kvs.map(jsonPair), more, count }),
        },
      };
    }
    case "put": {
      const { header, prevKv } = part.put;
      return {
        response_put: {
          header: headerOf(header),
          prev_kv: prevKv === undefined ? undefined : jsonPair(prevKv),
        },
      };
    }
    case "delete": {
      const { header, deleted, prevKvs } = part.delete;
      return {
        response_delete_range: {
          header: headerOf(header),
          ...withoutZeros({ deleted, prev_kvs: prevKvs.map(jsonPair) }),
        },
      };
    }
    case "txn":
      return { response_txn: txnOf(part.txn) };
  }
}

/** `--hex -w json member list`: ids as text, and the spelling of one name that etcdctl had up to 3.5. */
function hexMembers({ header, members }: Extract<Result, { type: "member-list" }>, line: ToolLine): GoObject {
  return {
    header: {
      cluster_id: hexId(header.clusterId),
      member_id: hexId(header.memberId),
      ...withoutZeros({ revision: header.revision, raft_term: header.raftTerm }),
    },
    members: members.map(({ id, name, peerUrls, clientUrls, isLearner }) => ({
      ID: hexId(id),
      ...withoutZeros({
        name,
        peerURLs: peerUrls,
        [line === "3.6" ? "clientURLs" : "clientURLS"]: clientUrls,
        isLearner,
      }),
    })),
  };
}
