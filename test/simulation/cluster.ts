/**
 * An etcd cluster in memory: one replicated log of writes, and members that apply it, each at its own pace.
 *
 *   write at any member ─► log (committed at once, in one order) ─► leader applies now, followers later
 *   linearizable read   ─► waits until the member has applied what was committed when the read came in
 *   serializable read, watch: the member's own state, however old
 *
 * So a follower behaves as a real one: its watches lag, its serializable reads are stale, and it responds to a write
 * after it has applied it. Members can be stopped (requests wait in their sockets and run later), partitioned (they
 * commit nothing, and streams that require a leader end) and killed (streams break). The guarantees of Raft are
 * assumed: one log, and nothing committed is lost.
 *
 * The cluster can be restored from a snapshot, as an operator does: all members stop, and new ones start at the same
 * endpoints with the older state. Requests in flight to the stopped members are lost.
 */

import type { Random } from "../../src/base/random.ts";
import type { Clock, Timer } from "../../src/base/time/clock.ts";
import type { RangeRequest } from "../../src/etcd/ports/messages.ts";
import type { KvEvent } from "../../src/etcd/ports/watches.ts";
import { grpcStatus, type MethodPath } from "../../src/etcd/transport/transport.ts";
import { encodeCompactionRequest, encodeRangeRequest, isReadOnly } from "../../src/etcd/wire/kv.ts";
import { decodeTxnRequest, rangeRequest } from "../../src/etcd/wire/kv-server.ts";
import { leaseGrantResponse, leaseIdRequest } from "../../src/etcd/wire/lease.ts";
import { decodeWatchMessage } from "../../src/etcd/wire/watch.ts";
import type { MemoryNode, StreamSink } from "../../src/testing/memory-node.ts";
import { MemoryServer, type MemorySnapshot } from "../../src/testing/memory-server.ts";
import { EtcdRefusal } from "../../src/testing/refusal.ts";
import type { HubStream } from "../../src/testing/watch-hub.ts";

export interface ClusterOptions {
  readonly members: number;
  /** Watch replies above this size are split. */
  readonly fragmentBytes: number;
  /** Pause of a member's watch loop, milliseconds. */
  readonly syncIntervalMs: number;
  /** Maximum items in a page of a range, whatever the requested limit; 0: the requested limit. */
  readonly pageItemsMax: number;
  /** Share of progress requests that are dropped. */
  readonly progressDropped: number;
  /** Maximum lag of a follower, milliseconds. */
  readonly lagMs: number;
}

/** One revision as it was applied. */
export interface AppliedRevision {
  readonly revision: bigint;
  readonly events: readonly { readonly key: string; readonly event: KvEvent }[];
}

/** How a snapshot is restored. */
export interface RestoreManner {
  /** The revision it begins at, marked as compacted; absent: the snapshot's own, with its history. */
  readonly bumpTo?: bigint | undefined;
  /** Keys that get a new value at `bumpTo`: keelson's restore renews the epochs, etcdutl does not. */
  readonly renews: readonly string[];
  /** Whether it is a new cluster, or keeps the id of the previous one. */
  readonly renamed: boolean;
}

interface Entry {
  readonly method: MethodPath;
  readonly request: Uint8Array;
}

/** A clock on which no timer fires: leases of a member end by entries of the log. */
const stillClock: Clock = {
  nowMs: () => 0,
  monotonicMs: () => 0,
  setTimer: () => ({ cancel: () => undefined }),
  sleep: () => new Promise(() => undefined),
};

const revokePath: MethodPath = "/etcdserverpb.Lease/LeaseRevoke";
const grantPath: MethodPath = "/etcdserverpb.Lease/LeaseGrant";
/** How long a partitioned member holds a request: about twice the election time and five seconds. */
const proposalTimeoutMs = 7_000;
/** Offset between the cluster ids, and the lease ids, of restored clusters. */
const clusterIds = 0xcdf8_1819_4e3a_8c32n;
const leaseIds = 0x7000_0000_0000_0001n;
const leasesOfOne = 1n << 32n;
/** Delay before a lease that expires without a leader is checked again. */
const leaderlessExpiryMs = 1_000;
/** A stream that requires a leader ends after three ticks without one. */
const leaderLossMs = 3_000;

export class SimulatedCluster {
  readonly #members: readonly Member[];
  #log: Entry[] = [];
  readonly #leases = new Map<bigint, { readonly ttlMs: number; timer: Timer }>();
  /** Requests that arrived while there was no leader. */
  #leaderless = new Set<() => void>();
  readonly #clock: Clock;
  readonly #onRevision: (applied: AppliedRevision) => void;
  #leader: Member;
  /** Members keep up. */
  calm = false;
  #seen = 1n;
  #restores = 0;
  #names = 0;

  constructor(
    options: ClusterOptions,
    clock: Clock,
    random: Random,
    onRevision: (applied: AppliedRevision) => void,
  ) {
    this.#clock = clock;
    this.#onRevision = onRevision;
    this.#members = Array.from(
      { length: options.members },
      (_, index) => new Member(this, index, options, clock, random),
    );
    const [first] = this.#members;
    if (first === undefined) throw new Error("a cluster has members");
    this.#leader = first;
  }

  get endpoints(): readonly string[] {
    return this.#members.map((_, index) => `http://member-${index}:2379`);
  }

  node(endpoint: string): MemoryNode {
    const member = this.#members[this.endpoints.indexOf(endpoint)];
    if (member === undefined) throw new Error(`no member at ${endpoint}`);
    return member;
  }

  member(index: number): Member {
    const member = this.#members[index % this.#members.length];
    if (member === undefined) throw new Error(`no member ${index}`);
    return member;
  }

  get size(): number {
    return this.#members.length;
  }

  get leader(): Member {
    return this.#leader;
  }

  /** The newest revision. */
  get revision(): bigint {
    return this.#leader.server.mvcc.revision;
  }

  get compactedRevision(): bigint {
    return this.#leader.server.mvcc.compactedRevision;
  }

  get committed(): number {
    return this.#log.length;
  }

  entry(index: number): Entry | undefined {
    return this.#log[index];
  }

  /** Whether the member can reach a leader that a majority follows. */
  hasQuorum(member: Member): boolean {
    const alive = this.#members.filter((each) => each.alive).length;
    return member.alive && this.#leader.alive && alive * 2 > this.#members.length;
  }

  /** Resolves once there is a quorum for the member. @throws the refusal of a request that has waited too long */
  quorum(member: Member): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!this.hasQuorum(member)) return;
        timer.cancel();
        this.#leaderless.delete(look);
        resolve();
      };
      const timer = this.#clock.setTimer(proposalTimeoutMs, () => {
        this.#leaderless.delete(look);
        reject(new EtcdRefusal(grpcStatus.unavailable, "etcdserver: request timed out"));
      });
      this.#leaderless.add(look);
    });
  }

  /** Called when the live members or the leader have changed. */
  lookAgain(): void {
    for (const look of [...this.#leaderless]) look();
  }

  /** Commits a write; the leader has applied it on return. */
  propose(method: MethodPath, request: Uint8Array): number {
    const index = this.#log.push({ method, request }) - 1;
    this.#leader.applyTo(index);
    const { mvcc } = this.#leader.server;
    for (const logged of mvcc.logFrom(this.#seen + 1n)) {
      this.#seen = logged.revision;
      this.#onRevision(logged);
    }
    for (const member of this.#members) if (member !== this.#leader) member.applySoon();
    return index;
  }

  /** Makes another member the leader; a leader has applied everything and restarts the full TTL of every lease. */
  moveLeader(to: Member): void {
    if (!to.alive) return;
    this.#leader = to;
    to.applyTo(this.#log.length - 1);
    for (const id of [...this.#leases.keys()]) this.renew(id);
    this.lookAgain();
  }

  granted(id: bigint, ttlSeconds: number): void {
    if (this.#leases.has(id)) return;
    this.#leases.set(id, { ttlMs: ttlSeconds * 1000, timer: this.#expiry(id, ttlSeconds * 1000) });
  }

  revoked(id: bigint): void {
    this.#leases.get(id)?.timer.cancel();
    this.#leases.delete(id);
  }

  renew(id: bigint): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.timer.cancel();
    lease.timer = this.#expiry(id, lease.ttlMs);
  }

  /** Expires a lease now, as if its holder had sent no keepalive. */
  expire(id: bigint): void {
    if (this.#leases.has(id)) this.propose(revokePath, leaseIdRequest.encode({ id }));
  }

  /** The leader's state: every acknowledged write. */
  save(): MemorySnapshot {
    return this.#leader.server.save();
  }

  /** Stops all members and restores a snapshot; they start with `heal` or `restart`. */
  restore(snapshot: MemorySnapshot, { bumpTo, renews, renamed }: RestoreManner): void {
    this.#restores++;
    if (renamed) this.#names++;
    for (const member of this.#members) member.kill();
    for (const { timer } of this.#leases.values()) timer.cancel();
    this.#leases.clear();
    this.#log = [];
    for (const member of this.#members) {
      member.put(snapshot, {
        clusterId: clusterIds + BigInt(this.#names),
        firstLeaseId: leaseIds + BigInt(this.#restores) * leasesOfOne,
      });
      if (bumpTo === undefined) continue;
      const value = hex(BigInt(this.#restores)) + hex(clusterIds + BigInt(this.#names));
      member.server.mvcc.bump(
        bumpTo,
        renews.map((key) => ({ key, value })),
      );
    }
    this.#seen = this.revision;
    for (const { id, ttlSeconds } of snapshot.leases) this.granted(id, ttlSeconds);
    this.lookAgain();
  }

  /** Compacts the history up to `back` revisions ago, as an operator would. */
  compact(back: number): void {
    const revision = this.revision - BigInt(back);
    if (revision <= this.compactedRevision || revision < 1n) return;
    this.propose("/etcdserverpb.KV/Compact", encodeCompactionRequest({ revision, physical: false }));
  }

  get leaseIds(): readonly bigint[] {
    return [...this.#leases.keys()];
  }

  /** Every member applies the whole log and is reachable. */
  heal(): void {
    this.calm = true;
    for (const member of this.#members) member.heal();
    for (const member of this.#members) member.applyTo(this.#log.length - 1);
    this.lookAgain();
  }

  close(): void {
    for (const lease of this.#leases.values()) lease.timer.cancel();
    for (const member of this.#members) member.server.close();
  }

  #expiry(id: bigint, ttlMs: number): Timer {
    return this.#clock.setTimer(ttlMs, () => {
      const lease = this.#leases.get(id);
      // Without a leader no lease ends.
      if (lease !== undefined && !this.#leader.alive) lease.timer = this.#expiry(id, leaderlessExpiryMs);
      else this.expire(id);
    });
  }
}

class Member implements MemoryNode {
  server: MemoryServer;
  readonly #index: number;
  readonly #cluster: SimulatedCluster;
  readonly #options: ClusterOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #streams = new Set<StreamSink>();
  /** Called when this member has applied up to there. */
  #waiting: { readonly index: number; run(): void; fail(error: EtcdRefusal): void }[] = [];
  /** Responses of log entries that this member received. */
  readonly #answers = new Map<number, (() => Uint8Array) | undefined>();
  #applied = -1;
  #applyTimer: Timer | undefined;
  #stoppedUntilMs = 0;
  #lossTimer: Timer | undefined;
  connected = true;
  /**
   * The process of the member now; requests over a connection to an earlier process are lost. Undefined while it is
   * down.
   */
  #process: object | undefined = {};

  constructor(
    cluster: SimulatedCluster,
    index: number,
    options: ClusterOptions,
    clock: Clock,
    random: Random,
  ) {
    this.#cluster = cluster;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#index = index;
    this.server = this.#newServer({ clusterId: clusterIds, firstLeaseId: leaseIds });
  }

  #newServer(facts: {
    readonly clusterId: bigint;
    readonly firstLeaseId: bigint;
    readonly snapshot?: MemorySnapshot;
  }): MemoryServer {
    const { syncIntervalMs, fragmentBytes } = this.#options;
    return new MemoryServer({
      ...facts,
      clock: this.#clock,
      leaseClock: stillClock,
      memberId: BigInt(this.#index + 1),
      syncIntervalMs,
      fragmentBytes,
    });
  }

  /** Refuses connections. */
  get down(): boolean {
    return this.#process === undefined;
  }

  peer(): object | undefined {
    return this.#process;
  }

  get alive(): boolean {
    return this.connected && !this.stopped && !this.down;
  }

  get stopped(): boolean {
    return this.#stoppedUntilMs > this.#clock.monotonicMs();
  }

  /** A request is lost if the process that accepted it ends first. */
  call(method: MethodPath, request: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const process = this.#process;
    const answer = this.#call(method, request);
    if (answer instanceof Uint8Array) return answer;
    return answer.then((reply) => {
      if (this.#process !== process) throw gone();
      return reply;
    });
  }

  #call(method: MethodPath, request: Uint8Array): Uint8Array | Promise<Uint8Array> {
    if (this.down) throw gone();
    if (this.stopped) return this.#whenAwake(() => this.#call(method, request));
    if (method === "/etcdserverpb.KV/Range") return this.#range(request);
    const local = (): Uint8Array => this.server.call(method, request);
    if (method === "/etcdserverpb.KV/Txn" && isReadOnly(decodeTxnRequest(request))) {
      return this.#linearizable(local);
    }
    return writes.has(method) ? this.#write(method, request) : local();
  }

  #write(method: MethodPath, request: Uint8Array): Uint8Array | Promise<Uint8Array> {
    if (!this.#cluster.hasQuorum(this)) {
      return this.#whileAlive(this.#cluster.quorum(this)).then(() => this.#write(method, request));
    }
    const index = this.#cluster.committed;
    this.#answers.set(index, undefined);
    this.#cluster.propose(method, request);
    return this.#after(index, () => {
      const answer = this.#answers.get(index);
      this.#answers.delete(index);
      if (answer === undefined) throw gone();
      return answer();
    });
  }

  openWatch(sink: StreamSink): HubStream {
    const hub = this.server.openWatch(sink);
    this.#streams.add(sink);
    return {
      receive: (message) => {
        if (this.stopped) {
          this.#clock.setTimer(this.#stoppedUntilMs - this.#clock.monotonicMs(), () => hub.receive(message));
          return;
        }
        const dropped =
          this.#options.progressDropped > 0 &&
          decodeWatchMessage(message).type === "progress" &&
          this.#random.float() < this.#options.progressDropped;
        if (!dropped) hub.receive(message);
      },
      close: () => {
        this.#streams.delete(sink);
        hub.close();
      },
    };
  }

  keepAlive(request: Uint8Array): Uint8Array {
    const { id } = leaseIdRequest.decode(request);
    this.#cluster.renew(id);
    return this.#cluster.leader.server.keepAlive(request);
  }

  /** Applies the log up to `index`, inclusive. */
  applyTo(index: number): void {
    while (this.#applied < index) {
      const at = ++this.#applied;
      const entry = this.#cluster.entry(at);
      if (entry === undefined) return;
      const answer = attempt(() => this.server.call(entry.method, entry.request));
      if (this === this.#cluster.leader) this.#noteLease(entry, answer);
      if (this.#answers.has(at)) this.#answers.set(at, answer);
    }
    const ready = this.#waiting.filter((waiting) => waiting.index <= this.#applied);
    this.#waiting = this.#waiting.filter((waiting) => waiting.index > this.#applied);
    for (const waiting of ready) waiting.run();
  }

  applySoon(): void {
    if (this.#applyTimer !== undefined || !this.connected) return;
    const lagMs = this.#random.float() ** 3 * (this.#cluster.calm ? 1 : this.#options.lagMs);
    this.#applyTimer = this.#clock.setTimer(lagMs, () => {
      this.#applyTimer = undefined;
      if (!this.connected) return;
      if (this.stopped) return this.applySoon();
      this.applyTo(this.#cluster.committed - 1);
    });
  }

  stop(forMs: number): void {
    this.#stoppedUntilMs = Math.max(this.#stoppedUntilMs, this.#clock.monotonicMs() + forMs);
  }

  /** Partitioned from the other members, not from clients. */
  disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    this.#lossTimer = this.#clock.setTimer(leaderLossMs, () =>
      this.breakStreams(new EtcdRefusal(grpcStatus.unavailable, "etcdserver: no leader")),
    );
  }

  reconnect(): void {
    if (this.connected) return;
    this.connected = true;
    this.#lossTimer?.cancel();
    this.applySoon();
    this.#cluster.lookAgain();
  }

  /** Its memory is lost, its log is kept. */
  kill(): void {
    this.#process = undefined;
    this.breakStreams(undefined);
    for (const waiting of this.#waiting.splice(0)) waiting.fail(gone());
  }

  restart(): void {
    this.#process ??= {};
    this.applySoon();
    this.#cluster.lookAgain();
  }

  /** Replaces its data, while it is down. */
  put(snapshot: MemorySnapshot, ids: { readonly clusterId: bigint; readonly firstLeaseId: bigint }): void {
    this.#applyTimer?.cancel();
    this.#applyTimer = undefined;
    this.#stoppedUntilMs = 0;
    this.#answers.clear();
    this.#applied = -1;
    this.server.close();
    this.server = this.#newServer({ ...ids, snapshot });
    this.reconnect();
  }

  heal(): void {
    this.#applyTimer?.cancel();
    this.#applyTimer = undefined;
    this.#stoppedUntilMs = 0;
    this.reconnect();
    this.restart();
  }

  /** Ends every stream: with a refusal, or as a broken connection does. */
  breakStreams(refusal: EtcdRefusal | undefined): void {
    for (const sink of [...this.#streams]) sink.end(refusal);
  }

  #range(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const request = rangeRequest.decode(bytes);
    const read = (): Uint8Array => this.server.call("/etcdserverpb.KV/Range", this.#paged(request, bytes));
    return request.serializable === true ? read() : this.#linearizable(read);
  }

  /** A server may return fewer items than requested, with `more` set. */
  #paged(request: RangeRequest, bytes: Uint8Array): Uint8Array {
    const { pageItemsMax } = this.#options;
    if (pageItemsMax === 0 || request.limit === undefined || request.limit <= pageItemsMax) return bytes;
    return encodeRangeRequest({ ...request, limit: pageItemsMax });
  }

  #linearizable(read: () => Uint8Array): Uint8Array | Promise<Uint8Array> {
    if (this.#cluster.hasQuorum(this)) return this.#after(this.#cluster.committed - 1, read);
    return this.#whileAlive(this.#cluster.quorum(this)).then(() => this.#linearizable(read));
  }

  #after(index: number, run: () => Uint8Array): Uint8Array | Promise<Uint8Array> {
    if (this.#applied >= index) return run();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ index, run: () => settle(run, resolve, reject), fail: reject });
      this.applySoon();
    });
  }

  #whenAwake(work: () => Uint8Array | Promise<Uint8Array>): Promise<Uint8Array> {
    return this.#whileAlive(this.#clock.sleep(this.#stoppedUntilMs - this.#clock.monotonicMs())).then(work);
  }

  /** Rejects if the process has been replaced by then: its accepted requests do not continue. */
  async #whileAlive(wait: Promise<void>): Promise<void> {
    const process = this.#process;
    await wait;
    if (process === undefined || this.#process !== process) throw gone();
  }

  #noteLease({ method, request }: Entry, answer: () => Uint8Array): void {
    if (method === revokePath) this.#cluster.revoked(leaseIdRequest.decode(request).id);
    if (method !== grantPath) return;
    try {
      const { id, ttlSeconds } = leaseGrantResponse.decode(answer());
      this.#cluster.granted(id, ttlSeconds);
    } catch (error) {
      if (!(error instanceof EtcdRefusal)) throw error;
    }
  }
}

export type { Member };

const writes: ReadonlySet<string> = new Set([
  "/etcdserverpb.KV/Put",
  "/etcdserverpb.KV/DeleteRange",
  "/etcdserverpb.KV/Txn",
  "/etcdserverpb.KV/Compact",
  grantPath,
  revokePath,
]);

const hex = (id: bigint): string => id.toString(16).padStart(16, "0");
const gone = (): EtcdRefusal => new EtcdRefusal(grpcStatus.unavailable, "connection reset by peer");

/** Runs once; the result, or the thrown error, can be read later. */
function attempt(run: () => Uint8Array): () => Uint8Array {
  try {
    const answer = run();
    return () => answer;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function settle(
  run: () => Uint8Array,
  resolve: (answer: Uint8Array) => void,
  reject: (error: unknown) => void,
): void {
  try {
    resolve(run());
  } catch (error) {
    reject(error);
  }
}
