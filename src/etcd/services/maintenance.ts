/**
 * The `Maintenance` port. Its responses are one member's own view, so their revisions are never checked;
 * maintenance of a member goes only to the endpoint that is named.
 */
import { Backoff } from "../../base/backoff.ts";
import { checkArguments, checkOptions } from "../../base/text/known-options.ts";
import { setReadingTimer } from "../../base/time/reading-timer.ts";
import { invalidArgument, isStoreError, StoreError } from "../../errors.ts";
import { checkCall } from "../client/call-attempt.ts";
import type { Client, Rpc } from "../client/client.ts";
import type { EtcdCall } from "../ports/call.ts";
import type {
  Alarm,
  Downgrade,
  DowngradeReply,
  Maintenance,
  MemberStatus,
  SnapshotChunk,
} from "../ports/maintenance.ts";
import { grpcStatus, TransportFailure } from "../transport/transport.ts";
import { firstWith } from "../versions/release-lines.ts";
import {
  type AlarmResponse,
  alarmRequest,
  alarmResponse,
  type DowngradeRequest,
  type DowngradeResponse,
  downgradeRequest,
  downgradeResponse,
  emptyRequest,
  type HashKvResponse,
  type HeaderResponse,
  hashKvRequest,
  hashKvResponse,
  headerResponse,
  moveLeaderRequest,
  type StatusResponse,
  snapshotResponse,
  statusResponse,
} from "../wire/maintenance.ts";
import { WireError } from "../wire/reader.ts";
import type { PageReader } from "./member-page.ts";
import { probeOf, probePath, quotaBytesIn } from "./probes.ts";

const service = "/etcdserverpb.Maintenance";
const own = { judged: false, lane: "unary" } as const;

export const statusRpc: Rpc<StatusResponse> = {
  ...own,
  path: `${service}/Status`,
  effect: "read",
  action: "read a member's status",
  decode: statusResponse.decode,
};
const alarms: Rpc<AlarmResponse> = {
  ...own,
  path: `${service}/Alarm`,
  effect: "read",
  action: "read etcd's alarms",
  decode: alarmResponse.decode,
};
const disarm: Rpc<AlarmResponse> = { ...alarms, effect: "idempotent", action: "disarm an alarm of etcd" };
/** Repeating it is harmless but costs another stall, so it counts as a write. */
const defragment: Rpc<HeaderResponse> = {
  ...own,
  path: `${service}/Defragment`,
  effect: "write",
  lane: "bulk",
  action: "defragment a member",
  decode: headerResponse.decode,
};
const hashKv: Rpc<HashKvResponse> = {
  ...own,
  path: `${service}/HashKV`,
  effect: "read",
  action: "hash a member's keys",
  decode: hashKvResponse.decode,
};
const moveLeader: Rpc<HeaderResponse> = {
  ...own,
  path: `${service}/MoveLeader`,
  effect: "write",
  action: "move etcd's leader",
  decode: headerResponse.decode,
};

const validateDowngrade: Rpc<DowngradeResponse> = {
  ...own,
  path: `${service}/Downgrade`,
  effect: "read",
  action: "validate a downgrade of etcd",
  decode: downgradeResponse.decode,
};
const enableDowngrade: Rpc<DowngradeResponse> = {
  ...validateDowngrade,
  effect: "write",
  action: "enable a downgrade of etcd",
};
const cancelDowngrade: Rpc<DowngradeResponse> = {
  ...validateDowngrade,
  effect: "idempotent",
  action: "cancel a downgrade of etcd",
};
const probeNames: readonly string[] = ["health", "livez", "readyz"];
/** A minor version, with or without a patch, as etcd reads it. */
const versionPattern = /^\d+\.\d+(\.\d+)?$/;

/** A member defragments about 100 MB a second, and hashing reads everything: far longer than a normal request. */
const longWorkTimeoutMs = 10 * 60_000;

const empty = emptyRequest.encode({});

export function createMaintenance(client: Client, readPage: PageReader): Maintenance {
  const metrics: Maintenance["metrics"] = async (call) => {
    checkCall(call ?? null, "read a member's metrics");
    const page = await readPage("/metrics", call).catch((error: unknown) => {
      // Missing metrics are no reason to fail.
      if (isStoreError(error, "DEADLINE")) return undefined;
      throw error;
    });
    return page?.status === 200 ? page.text : undefined;
  };
  const patient = <C extends EtcdCall>(call: C): C => ({
    ...call,
    requestTimeoutMs: call.requestTimeoutMs ?? call.timeoutMs ?? longWorkTimeoutMs,
  });
  return {
    async status(call): Promise<MemberStatus> {
      return { ...(await client.unary(statusRpc, empty, call)), endpoint: call.endpoint };
    },
    metrics,
    async probe(name, call) {
      if (!probeNames.includes(name)) {
        throw invalidArgument(
          "name",
          `Cannot probe a member: name is ${JSON.stringify(name)}, expected one of ${probeNames.join(", ")}`,
        );
      }
      checkCall(call ?? null, "probe a member");
      return probeOf(name, await readPage(probePath(name), call));
    },
    async quotaBytes(call) {
      checkCall(call ?? null, statusRpc.action);
      const onPage = quotaBytesIn(await metrics(call));
      return onPage ?? (await client.unary(statusRpc, empty, call)).databaseQuotaBytes;
    },
    async alarms(call) {
      const request = alarmRequest.encode({ action: "GET", memberId: 0n, type: "NONE" });
      return (await client.unary(alarms, request, call)).alarms;
    },
    async disarm(alarm: Alarm, call) {
      checkOptions(
        alarm ?? null,
        disarm.action,
        { memberId: "bigint", type: ["NONE", "NOSPACE", "CORRUPT"] },
        "alarm",
      );
      const request = alarmRequest.encode({ action: "DEACTIVATE", ...alarm });
      return (await client.unary(disarm, request, call)).alarms;
    },
    async defragment(call) {
      checkCall(call ?? null, defragment.action);
      await client.unary(defragment, empty, patient(call));
    },
    async hashKv(revision, call) {
      checkArguments(hashKv.action, { revision }, { revision: "bigint" });
      checkCall(call ?? null, hashKv.action);
      const hashAt = (at: bigint): Promise<HashKvResponse> =>
        client.unary(hashKv, hashKvRequest.encode({ revision: at }), patient(call));
      const { header, hash, compactRevision, hashRevision } = await hashAt(revision).catch(
        async (error: unknown) => {
          if (revision === 0n || !isStoreError(error, "EXPIRED")) throw error;
          // Some 3.4 versions refuse the revision they are compacted at, although they hold it: if it is the newest, hash that.
          const newest = await hashAt(0n);
          if (newest.header.revision !== revision || newest.compactRevision !== revision) throw error;
          return newest;
        },
      );
      return { header, hash, compactRevision, hashRevision: hashRevision === 0n ? undefined : hashRevision };
    },
    snapshot: (call) => snapshot(client, call ?? {}),
    async moveLeader(targetId, call) {
      checkArguments(moveLeader.action, { targetId }, { targetId: "bigint" });
      await client.unary(moveLeader, moveLeaderRequest.encode({ targetId }), call);
    },
    downgrade: createDowngrade(client),
  };
}

function createDowngrade(client: Client): Downgrade {
  const ask = async (
    rpc: Rpc<DowngradeResponse>,
    action: DowngradeRequest["action"],
    version: string,
    call: EtcdCall | undefined,
  ): Promise<DowngradeReply> => {
    if (action !== "CANCEL" && !versionPattern.test(version)) {
      throw invalidArgument(
        "version",
        `Cannot ${rpc.action}: version is ${JSON.stringify(version)}, expected a minor version such as "3.5"`,
      );
    }
    try {
      const reply = await client.unary(rpc, downgradeRequest.encode({ action, version }), call);
      return { header: reply.header, clusterVersion: reply.version };
    } catch (error) {
      throw isUnimplemented(error) ? withoutDowngrades(rpc.action, error) : error;
    }
  };
  return {
    validate: (version, call) => ask(validateDowngrade, "VALIDATE", version, call),
    enable: (version, call) => ask(enableDowngrade, "ENABLE", version, call),
    cancel: (call) => ask(cancelDowngrade, "CANCEL", "", call),
  };
}

const isUnimplemented = (error: unknown): boolean =>
  isStoreError(error) &&
  error.cause instanceof TransportFailure &&
  error.cause.code === grpcStatus.unimplemented;

const withoutDowngrades = (action: string, cause: unknown): StoreError =>
  new StoreError(
    "INVALID_ARGUMENT",
    `Cannot ${action}: this etcd has no downgrades, expected etcd ${firstWith("downgrade")} or later`,
    { argument: "request" },
    { cause },
  );

/** Yields chunks as the reader asks for them. A broken stream is not resumed: it would be another snapshot. */
async function* snapshot(client: Client, call: EtcdCall): AsyncGenerator<SnapshotChunk> {
  const action = "take a snapshot";
  checkCall(call, action);
  const timeout = call.timeoutMs === undefined ? undefined : new AbortController();
  const timer =
    timeout === undefined || call.timeoutMs === undefined
      ? undefined
      : setReadingTimer(client.clock, call.timeoutMs, () =>
          timeout.abort(
            new StoreError("DEADLINE", `Cannot ${action}: not complete within ${call.timeoutMs} ms`, {
              timeoutMs: call.timeoutMs,
            }),
          ),
        );
  const signals = [call.signal, timeout?.signal].filter((signal) => signal !== undefined);
  const signal = signals.length === 0 ? undefined : AbortSignal.any(signals);
  const refreshEndMs = client.clock.monotonicMs() + (call.timeoutMs ?? 2 * client.requestTimeoutMs);
  const backoff = new Backoff({ firstMs: 10, maxMs: 500 }, client.clock, client.random);
  let refreshed = false;
  try {
    for (;;) {
      const stream = await client.openStream({
        path: `${service}/Snapshot`,
        lane: "bulk",
        endpoint: call.endpoint,
        signal,
        request: empty,
      });
      let chunks = 0;
      try {
        for (;;) {
          const message = await stream.next();
          if (message === undefined) {
            signal?.throwIfAborted();
            return;
          }
          chunks++;
          const { blob, remainingBytes, version } = snapshotResponse.decode(message);
          yield { bytes: blob, remainingBytes, storageVersion: version };
        }
      } catch (error) {
        if (error instanceof WireError) {
          const failure = new TransportFailure({
            code: grpcStatus.internal,
            text: error.message,
            request: "sent",
            fromServer: false,
            endpoint: stream.endpoint,
          });
          throw client.decideRetry(failure, action).error;
        }
        if (!(error instanceof TransportFailure)) throw error;
        const decision = client.decideRetry(error, action);
        // An expired token, or one from before a change of users and roles, is refused before the first chunk.
        if (decision.next !== "refresh" || chunks > 0) throw decision.error;
        if (client.clock.monotonicMs() >= refreshEndMs) throw decision.error;
        if (refreshed) await backoff.wait(signal);
        refreshed = true;
        await client.refreshToken(signal);
      } finally {
        stream.cancel();
      }
    }
  } finally {
    timer?.cancel();
  }
}
