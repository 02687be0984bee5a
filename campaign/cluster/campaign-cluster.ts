/**
 * The cluster under test: three real members with all their connections through our proxies.
 *
 *   workers ── proxies "traffic" ──┐
 *   caches, watchers ─ "watching" ─┤ client ports ── members ── peer ports ── PeerNetwork
 *   control, witness ── straight ──┘
 *
 * Control calls go directly to a member and are short, so that no injected fault prevents its heal.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  connectEtcd,
  type Etcd,
  type LocalCluster,
  type LocalMember,
  startLocalCluster,
  startLocalEtcd,
} from "keelson/etcd";
import { TcpProxy } from "../../test/support/peers/tcp-proxy.ts";
import { PeerNetwork } from "./peer-network.ts";

/** Whose connections a proxy carries: faults can hit the readers and leave the writers alone. */
export const groups = ["traffic", "watching"] as const;
export type Group = (typeof groups)[number];

export interface CampaignClusterOptions {
  readonly folder: string;
  /** Program of each member; absent: the machine's own for all. */
  readonly binaries?: readonly string[] | undefined;
  readonly extraArgs?: readonly string[] | undefined;
  /** The cluster requires a password; this user may do everything. */
  readonly auth?: Credentials | undefined;
}

export interface Credentials {
  readonly username: "root";
  readonly password: string;
  /** The traffic stays on this machine. */
  readonly allowPlaintext: true;
}

/** Short, so that a new leader exists within a second; long enough for a loaded machine to keep its leader. */
const heartbeatMs = 100;
const electionMs = 600;
/** Few entries between two raft snapshots, so that a returning member sometimes gets a snapshot instead of the log. */
const snapshotEntries = 2_000;
/** More than a quarter of an hour writes: a full database is a fault of the episodes. */
const quotaBytes = 8 * 1024 ** 3;
const controlTimeoutMs = 1_000;
/** A cluster that is not healthy this long after the last heal fails the run. */
const healthyWithinMs = 60_000;

export class CampaignCluster implements AsyncDisposable {
  readonly peers: PeerNetwork;
  /** Directly to the members. */
  readonly control: Etcd;
  readonly logFile: string;
  readonly auth: Credentials | undefined;
  readonly #cluster: LocalCluster;
  readonly #members: LocalMember[];
  readonly #proxies: Readonly<Record<Group, readonly TcpProxy[]>>;
  readonly #peerUrls: readonly string[];
  readonly #args: readonly string[];
  readonly #ids: bigint[];

  private constructor(parts: {
    cluster: LocalCluster;
    peers: PeerNetwork;
    control: Etcd;
    logFile: string;
    auth: Credentials | undefined;
    proxies: Readonly<Record<Group, readonly TcpProxy[]>>;
    peerUrls: readonly string[];
    args: readonly string[];
    ids: bigint[];
  }) {
    this.#cluster = parts.cluster;
    this.#members = [...parts.cluster.members];
    this.peers = parts.peers;
    this.control = parts.control;
    this.logFile = parts.logFile;
    this.auth = parts.auth;
    this.#proxies = parts.proxies;
    this.#peerUrls = parts.peerUrls;
    this.#args = parts.args;
    this.#ids = parts.ids;
  }

  get members(): readonly LocalMember[] {
    return this.#members;
  }

  static async start(options: CampaignClusterOptions): Promise<CampaignCluster> {
    const peers = new PeerNetwork();
    const proxies: Record<Group, TcpProxy[]> = { traffic: [], watching: [] };
    await mkdir(options.folder, { recursive: true });
    const logFile = join(options.folder, "members.log");
    const { auth } = options;
    const peerUrls: string[] = [];
    const args = [
      `--heartbeat-interval=${heartbeatMs}`,
      `--election-timeout=${electionMs}`,
      `--snapshot-count=${snapshotEntries}`,
      `--quota-backend-bytes=${quotaBytes}`,
      `--log-outputs=stderr,${logFile}`,
      ...(options.extraArgs ?? []),
    ];
    const cluster = await startLocalCluster({
      size: 3,
      binary: options.binaries,
      dataDir: dataFolder(options.folder),
      extraArgs: args,
      advertise: async ({ index, clientPort, peerPort }) => {
        for (const group of groups) proxies[group][index] = await TcpProxy.start(clientPort);
        const peerUrl = await peers.advertise(index, peerPort);
        peerUrls[index] = peerUrl;
        return { clientUrl: proxies.traffic[index]?.url, peerUrl };
      },
    });
    try {
      const direct = cluster.members.flatMap((member) => member.endpoints);
      if (auth !== undefined) await askForPassword(direct, auth);
      const control = await connectEtcd({
        endpoints: direct,
        auth,
        requestTimeoutMs: controlTimeoutMs,
        timeoutMs: healthyWithinMs,
      });
      const { members } = await control.cluster.members({ timeoutMs: healthyWithinMs });
      const ids = cluster.members.map(({ name }) => members.find((m) => m.name === name)?.id ?? 0n);
      peers.learn(ids);
      return new CampaignCluster({ cluster, peers, control, logFile, auth, proxies, peerUrls, args, ids });
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Directly to the members, without a proxy. */
  get directEndpoints(): readonly string[] {
    return this.members.map(directUrl);
  }

  /** The endpoints for the processes of a group, one per member. */
  endpoints(group: Group): readonly string[] {
    return this.#proxies[group].map(({ url }) => url);
  }

  /** The proxies of a group in front of a member's client port. */
  proxy(group: Group, index: number): TcpProxy {
    const proxy = this.#proxies[group][index];
    if (proxy === undefined) throw new Error(`there is no member ${index}`);
    return proxy;
  }

  member(index: number): LocalMember {
    const member = this.members[index];
    if (member === undefined) throw new Error(`there is no member ${index}`);
    return member;
  }

  idOf(index: number): bigint {
    return this.#ids[index] ?? 0n;
  }

  /** Starts another program on the data of a stopped or killed member. Resolves when it serves. */
  async startAs(
    index: number,
    options: { readonly binary?: string | undefined; readonly extraArgs?: readonly string[] },
  ): Promise<void> {
    const { name, advertisedUrl, dataDir, clientPort, peerPort } = this.member(index);
    const { binary, extraArgs = [] } = options;
    const started = await startLocalEtcd({
      dataDir,
      clientPort,
      peerPort,
      binary,
      extraArgs: [
        `--name=${name}`,
        `--advertise-client-urls=${advertisedUrl}`,
        `--initial-advertise-peer-urls=${this.#peerUrls[index]}`,
        `--initial-cluster=${this.#members.map((member, i) => `${member.name}=${this.#peerUrls[i]}`).join(",")}`,
        ...this.#args,
        ...extraArgs,
      ],
    });
    this.#members[index] = Object.assign(started, { name, advertisedUrl });
  }

  /**
   * Another member in the place of one: removed, its data gone, added as a learner, promoted when it has caught up.
   * `asLearner` is called while it is one, with its id.
   */
  async replace(index: number, asLearner: (id: bigint) => Promise<void>): Promise<void> {
    const old = this.member(index);
    const { cluster } = this.control;
    await old.kill();
    await patiently("the member is removed", async () => {
      const { members } = await cluster.members();
      if (members.some(({ id }) => id === this.idOf(index))) await cluster.remove(this.idOf(index));
    });
    await rm(old.dataDir, { recursive: true, force: true });
    const peerUrl = this.#peerUrls[index] ?? "";
    let id = 0n;
    await patiently("the learner is added", async () => {
      const { members } = await cluster.members();
      id = members.find(({ peerUrls }) => peerUrls.includes(peerUrl))?.id ?? 0n;
      if (id === 0n) id = (await cluster.add({ peerUrls: [peerUrl], isLearner: true })).member.id;
    });
    this.#ids[index] = id;
    this.peers.learn(this.#ids);
    await this.startAs(index, { extraArgs: ["--initial-cluster-state=existing"] });
    await asLearner(id);
    await patiently("the learner is promoted", async () => {
      const { members } = await cluster.members();
      if (members.find((member) => member.id === id)?.isLearner !== false) await cluster.promote(id);
    });
  }

  /** The leader that the first answering member names; undefined while there is none. */
  async leader(): Promise<number | undefined> {
    for (const member of this.members) {
      if (!member.running) continue;
      const status = await this.control.maintenance
        .status({ endpoint: directUrl(member), timeoutMs: controlTimeoutMs / 2 })
        .catch(() => undefined);
      const index = status === undefined ? -1 : this.#ids.indexOf(status.leader);
      if (index >= 0) return index;
    }
    return undefined;
  }

  /** Resolves when every member serves and agrees on a leader. @throws Error after a minute */
  async healthy(): Promise<void> {
    const end = performance.now() + healthyWithinMs;
    for (;;) {
      const leaders = await Promise.all(
        this.members.map((member) =>
          this.control.maintenance
            .status({ endpoint: directUrl(member), timeoutMs: controlTimeoutMs })
            .then(({ leader, errors }) => (errors.length === 0 ? leader : 0n))
            .catch(() => 0n),
        ),
      );
      if (leaders.every((leader) => leader !== 0n && leader === leaders[0])) return;
      if (performance.now() > end) {
        throw new Error(`the cluster is not well ${healthyWithinMs} ms after its last fault`);
      }
      await delay(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.control.close();
    for (const group of groups) for (const proxy of this.#proxies[group]) await proxy.close();
    await this.peers[Symbol.asyncDispose]();
    await Promise.all(this.#members.map((member) => member.stop()));
    await this.#cluster.stop();
  }
}

/** Where the members of a cluster in `folder` keep their data: `m0`, `m1`, `m2` below it. */
export function dataFolder(folder: string): string {
  return join(folder, "data");
}

/** Retries, because faults are active. @throws the last error after a minute */
async function patiently(what: string, act: () => Promise<void>): Promise<void> {
  const end = performance.now() + healthyWithinMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (performance.now() > end) {
        throw new Error(`not within ${healthyWithinMs} ms: ${what}`, { cause: error });
      }
    }
    await delay(100);
  }
}

async function askForPassword(
  endpoints: readonly string[],
  { username, password }: Credentials,
): Promise<void> {
  await using etcd = await connectEtcd({ endpoints });
  await etcd.auth.userAdd(username, { password });
  await etcd.auth.roleAdd("root");
  await etcd.auth.userGrantRole(username, "root");
  await etcd.auth.enable();
}

/** A member's own client URL. */
export function directUrl(member: LocalMember): string {
  return member.endpoints[0] ?? "";
}
