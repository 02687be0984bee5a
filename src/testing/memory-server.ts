/**
 * The in-memory etcd as a gRPC server without a network: method path and request bytes in, reply bytes out.
 *
 * One member, no raft: every applied change is durable at once. What a real member does outside keys, watches and
 * leases is implemented where it is meaningful for one member (status, members, alarms) and refused as Unimplemented
 * elsewhere (auth, snapshot, moving the leader).
 */
import type { Clock } from "../base/time/clock.ts";
import type { Header } from "../etcd/ports/messages.ts";
import { grpcStatus, type MethodPath } from "../etcd/transport/transport.ts";
import { compareVersions } from "../etcd/versions/version.ts";
import { memberListRequest, membersResponse } from "../etcd/wire/cluster.ts";
import {
  compactionRequest,
  decodeTxnRequest,
  deleteRangeRequest,
  deleteRangeResponse,
  putRequest,
  putResponse,
  rangeRequest,
  rangeResponse,
  txnResponse,
} from "../etcd/wire/kv-server.ts";
import {
  leaseGrantRequest,
  leaseGrantResponse,
  leaseIdRequest,
  leaseKeepAliveResponse,
  leaseLeasesResponse,
  leaseTimeToLiveRequest,
  leaseTimeToLiveResponse,
} from "../etcd/wire/lease.ts";
import { alarmResponse, headerResponse, statusResponse } from "../etcd/wire/maintenance.ts";
import { keyText } from "./byte-range.ts";
import { LeaseBook, type SavedLease } from "./lease-book.ts";
import { Mvcc, type MvccState } from "./mvcc.ts";
import { EtcdRefusal, refusals } from "./refusal.ts";
import { type HubStream, type ReplySink, WatchHub } from "./watch-hub.ts";

/** etcd --max-request-bytes: a larger request is refused before it is decoded. */
const requestBytesMax = 1.5 * 1024 * 1024;
/** The default version; the model follows the semantics of the version that it reports. */
const modelVersion = "3.5.30";
/** From here on the operations of a transaction are checked in their order (etcdserver/txn/txn.go). */
const checksInOrderSince = "3.6.0";

export interface MemoryServerOptions {
  readonly clock: Clock;
  /** Default 3.5.30. */
  readonly version?: string | undefined;
  /**
   * Time that leases expire by; default `clock`. A member of a cluster receives expiries from the cluster and has no
   * timers of its own.
   */
  readonly leaseClock?: Clock | undefined;
  readonly memberId?: bigint | undefined;
  /** Id of the cluster; a restored cluster may keep it, as a real one does. */
  readonly clusterId?: bigint | undefined;
  /** Initial data; default none. */
  readonly snapshot?: MemorySnapshot | undefined;
  readonly firstLeaseId?: bigint | undefined;
  readonly syncIntervalMs?: number | undefined;
  readonly fragmentBytes?: number | undefined;
}

/** Keys with their history, and leases: what a snapshot of etcd holds. */
export interface MemorySnapshot {
  readonly keys: MvccState;
  readonly leases: readonly SavedLease[];
}

type Handler = (request: Uint8Array) => Uint8Array;

export class MemoryServer {
  readonly mvcc: Mvcc;
  readonly leases: LeaseBook;
  readonly #hub: WatchHub;
  readonly #clusterId: bigint;
  readonly #memberId: bigint;
  readonly #version: string;
  readonly #handlers: ReadonlyMap<string, Handler>;

  constructor(options: MemoryServerOptions) {
    this.#clusterId = options.clusterId ?? 0xcdf818194e3a8c32n;
    this.#memberId = options.memberId ?? 0x8e9e05c52164694dn;
    this.leases = new LeaseBook(
      options.leaseClock ?? options.clock,
      (keys) => this.mvcc.deleteKeys(keys),
      options.firstLeaseId,
    );
    this.#version = options.version ?? modelVersion;
    this.mvcc = new Mvcc(
      this.leases,
      (logged) => this.#hub.publish(logged),
      compareVersions(this.#version, checksInOrderSince) >= 0,
    );
    if (options.snapshot !== undefined) {
      this.mvcc.load(options.snapshot.keys);
      this.leases.load(options.snapshot.leases);
    }
    this.#hub = new WatchHub({
      mvcc: this.mvcc,
      clock: options.clock,
      header: () => this.#header(),
      syncIntervalMs: options.syncIntervalMs ?? 1,
      fragmentBytes: options.fragmentBytes ?? requestBytesMax + 512 * 1024,
    });
    this.#handlers = this.#routes();
  }

  save(): MemorySnapshot {
    return { keys: this.mvcc.save(), leases: this.leases.save() };
  }

  /** One unary call. @throws EtcdRefusal with the server's status; WireError for bytes that are not a request */
  call(method: MethodPath, request: Uint8Array): Uint8Array {
    const handler = this.#handlers.get(method);
    if (handler === undefined) {
      throw new EtcdRefusal(grpcStatus.unimplemented, `method ${method} is not part of the in-memory etcd`);
    }
    if (request.length > requestBytesMax) {
      throw new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: request is too large");
    }
    return handler(request);
  }

  openWatch(sink: ReplySink): HubStream {
    return this.#hub.open(sink);
  }

  /** One message of a keepalive stream. */
  keepAlive(request: Uint8Array): Uint8Array {
    const { id } = leaseIdRequest.decode(request);
    return leaseKeepAliveResponse.encode({
      header: this.#header(),
      id,
      ttlSeconds: this.leases.keepAlive(id),
    });
  }

  close(): void {
    this.#hub.close();
    this.leases.close();
  }

  #header(): Header {
    return {
      clusterId: this.#clusterId,
      memberId: this.#memberId,
      revision: this.mvcc.revision,
      raftTerm: 2n,
    };
  }

  #routes(): ReadonlyMap<string, Handler> {
    const { mvcc, leases } = this;
    const header = (): Header => this.#header();
    return new Map<string, Handler>([
      [
        "/etcdserverpb.KV/Range",
        (bytes) => {
          const request = rangeRequest.decode(bytes);
          if (keyText(request.key) === "") throw refusals.emptyKey();
          return rangeResponse.encode({ ...mvcc.range(request), header: header() });
        },
      ],
      [
        "/etcdserverpb.KV/Put",
        (bytes) => putResponse.encode({ ...mvcc.put(putRequest.decode(bytes)), header: header() }),
      ],
      [
        "/etcdserverpb.KV/DeleteRange",
        (bytes) => {
          const request = deleteRangeRequest.decode(bytes);
          if (keyText(request.key) === "") throw refusals.emptyKey();
          return deleteRangeResponse.encode({ ...mvcc.deleteRange(request), header: header() });
        },
      ],
      [
        "/etcdserverpb.KV/Txn",
        (bytes) => txnResponse.encode({ ...mvcc.txn(decodeTxnRequest(bytes)), header: header() }),
      ],
      [
        "/etcdserverpb.KV/Compact",
        (bytes) => {
          mvcc.compact(compactionRequest.decode(bytes).revision);
          return headerResponse.encode({ header: header() });
        },
      ],
      [
        "/etcdserverpb.Lease/LeaseGrant",
        (bytes) => {
          const request = leaseGrantRequest.decode(bytes);
          return leaseGrantResponse.encode({
            header: header(),
            ...leases.grant(request.id, request.ttlSeconds),
            error: "",
          });
        },
      ],
      [
        "/etcdserverpb.Lease/LeaseRevoke",
        (bytes) => {
          leases.revoke(leaseIdRequest.decode(bytes).id);
          return headerResponse.encode({ header: header() });
        },
      ],
      [
        "/etcdserverpb.Lease/LeaseTimeToLive",
        (bytes) => {
          const request = leaseTimeToLiveRequest.decode(bytes);
          const status = leases.status(request.id);
          return leaseTimeToLiveResponse.encode({
            header: header(),
            ...status,
            keys: request.keys ? status.keys : [],
          });
        },
      ],
      [
        "/etcdserverpb.Lease/LeaseLeases",
        () => leaseLeasesResponse.encode({ header: header(), leases: leases.ids().map((id) => ({ id })) }),
      ],
      [
        "/etcdserverpb.Maintenance/Status",
        () =>
          statusResponse.encode({
            header: header(),
            version: this.#version,
            databaseBytes: 0n,
            databaseBytesInUse: 0n,
            leader: this.#memberId,
            raftIndex: mvcc.revision,
            raftTerm: 2n,
            raftAppliedIndex: mvcc.revision,
            errors: [],
            isLearner: false,
          }),
      ],
      ["/etcdserverpb.Maintenance/Alarm", () => alarmResponse.encode({ header: header(), alarms: [] })],
      ["/etcdserverpb.Maintenance/Defragment", () => headerResponse.encode({ header: header() })],
      [
        "/etcdserverpb.Cluster/MemberList",
        (bytes) => {
          memberListRequest.decode(bytes);
          const self = { id: this.#memberId, name: "memory", peerUrls: [], clientUrls: [], isLearner: false };
          return membersResponse.encode({ header: header(), members: [self] });
        },
      ],
    ]);
  }
}
