/**
 * Several etcd members on this machine, for tests of failover, pauses, partitions and rolling restarts.
 *
 * Each member is a `LocalEtcd` with its own data directory: kill, restart, pause and resume it. `advertise` lets a caller
 * put proxies in front: peers and clients then use the addresses it returns, so the proxies control the network.
 */
import { join } from "node:path";
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import { systemClock } from "../../base/time/clock.ts";
import { invalidArgument, isStoreError } from "../../errors.ts";
import { type LocalEtcd, type LocalInstance, prepareLocalEtcd } from "./local-etcd.ts";

/** Options of `startLocalCluster`. */
export interface LocalClusterOptions extends Call {
  /** Members, 1 to 7; default 3. */
  readonly size?: number | undefined;
  /** Path of the `etcd` program of all members, or of each. Default as for `startLocalEtcd`. */
  readonly binary?: string | readonly string[] | undefined;
  /** Parent of the members' data directories `m0`, `m1`, …, which are kept. Default: temporary folders. */
  readonly dataDir?: string | undefined;
  /** Added to the command line of each member, e.g. `--quota-backend-bytes=16777216`. */
  readonly extraArgs?: readonly string[] | undefined;
  /**
   * Addresses that replace a member's own for peers and clients: URLs of proxies in front of its ports. Called
   * once per member before the start.
   */
  readonly advertise?:
    | ((member: {
        /** "m0", "m1", … */
        readonly name: string;
        /** From 0. */
        readonly index: number;
        /** The member's own port for clients. */
        readonly clientPort: number;
        /** The member's own port for other members. */
        readonly peerPort: number;
      }) => Promise<{
        /** The URL for clients; default the member's own. */
        readonly clientUrl?: string | undefined;
        /** The URL for other members; default the member's own. */
        readonly peerUrl?: string | undefined;
      }>)
    | undefined;
}

const clusterNames: NamesOf<LocalClusterOptions> = {
  ...callNames,
  size: "number",
  binary: "texts",
  dataDir: "text",
  extraArgs: "array",
  advertise: "function",
};

/** One member; `name` is "m0", "m1", … */
export interface LocalMember extends LocalEtcd {
  /** "m0", "m1", … */
  readonly name: string;
  /** The URL given to clients: the proxy's if there is one. */
  readonly advertisedUrl: string;
}

/** A running cluster of etcds on this machine. The caller that started it stops it; otherwise it ends with the process. */
export interface LocalCluster extends AsyncDisposable {
  /** The members, "m0" first. */
  readonly members: readonly LocalMember[];
  /** Client URLs of all members, as advertised. */
  readonly endpoints: readonly string[];
  /** Ends all members and removes temporary data. Idempotent. */
  stop(): Promise<void>;
}

/** No etcd installation has more members. */
const sizeMax = 7;
const startTimeoutMs = 120_000;
const portAttempts = 5;

/**
 * Starts all members and resolves when each serves.
 * @throws as `startLocalEtcd`; nothing is left running then
 */
export async function startLocalCluster(options: LocalClusterOptions = {}): Promise<LocalCluster> {
  checkOptions(options, "start a cluster", clusterNames);
  const size = options.size ?? 3;
  if (!(Number.isInteger(size) && size >= 1 && size <= sizeMax)) {
    throw invalidArgument("size", `Cannot start a cluster: size is ${size}, expected 1 to ${sizeMax}`);
  }
  for (const path of [options.binary].flat()) {
    if (path === undefined || typeof path === "string") continue;
    throw invalidArgument("binary", `Cannot start a cluster: binary is ${quote(path)}, expected a path`);
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(size, options);
    } catch (error) {
      const portTaken = isStoreError(error, "UNAVAILABLE") && error.details.reason === "port taken";
      if (!portTaken || attempt >= portAttempts) throw error;
    }
  }
}

async function startOnce(size: number, options: LocalClusterOptions): Promise<LocalCluster> {
  using scope = new CallScope(
    { timeoutMs: startTimeoutMs, ...options },
    systemClock,
    `start a cluster of ${size}`,
  );
  const instances: LocalInstance[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(instances.map((instance) => instance.stop()));
  };
  try {
    const plans: { readonly name: string; readonly clientUrl: string; readonly peerUrl: string }[] = [];
    for (let index = 0; index < size; index++) {
      const name = `m${index}`;
      const instance = await prepareLocalEtcd({
        binary: typeof options.binary === "object" ? options.binary[index] : options.binary,
        dataDir: options.dataDir === undefined ? undefined : join(options.dataDir, name),
        extraArgs: options.extraArgs,
      });
      instances.push(instance);
      const { clientPort, peerPort } = instance;
      const advertised = (await options.advertise?.({ name, index, clientPort, peerPort })) ?? {};
      plans.push({
        name,
        clientUrl: advertised.clientUrl ?? instance.endpoints[0] ?? "",
        peerUrl: advertised.peerUrl ?? `http://127.0.0.1:${peerPort}`,
      });
    }
    const initialCluster = plans.map((plan) => `${plan.name}=${plan.peerUrl}`).join(",");
    const members = instances.map((instance, index): LocalMember => {
      const { name = "", clientUrl = "", peerUrl = "" } = plans[index] ?? {};
      instance.plan = {
        name,
        initialCluster,
        advertisePeerUrl: peerUrl,
        advertiseClientUrl: clientUrl,
        token: "keelson-local",
      };
      return Object.assign(instance, { name, advertisedUrl: clientUrl });
    });
    await Promise.all(instances.map((instance) => instance.launch()));
    await Promise.all(instances.map((instance) => instance.serving(scope)));
    return {
      members,
      endpoints: members.map((member) => member.advertisedUrl),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
