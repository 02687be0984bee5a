/**
 * health(): checks etcd and keelson's background work, and reports facts, and problems with what to do about each.
 * Never rejects: a failed check is a problem.
 */
import { type Call, CallScope, callNames } from "../base/call.ts";
import { checkOptions } from "../base/text/known-options.ts";
import { messageOf } from "../base/text/message-of.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { isStoreError } from "../errors.ts";
import type { EtcdStats } from "../etcd/ports/etcd.ts";
import type { Alarm, MemberStatus } from "../etcd/ports/maintenance.ts";
import type { Health } from "../resource/contract/store.ts";
import { formatResourceVersion } from "../resource/model/revision.ts";
import { currentRevision } from "./context/freshness.ts";
import type { StorageContext } from "./context/storage-context.ts";

/** How long health() waits for etcd without a caller's timeout, milliseconds (Kubernetes' probes: 2 s). */
const timeoutMsDefault = 2_000;
/** Fraction of free pages in etcd's file from which a defragmentation is worth its pause. */
const wastedShare = 0.5;
/** Below this size a defragmentation is not worth it, bytes. */
const wastedBytesMin = 256 * 1024 * 1024;
/** Fraction of the space quota from which to warn: at any usual growth, the rest lasts long enough to act. */
const fullShare = 0.8;

/** Renewers act when a third of a certificate's time is left; at this point they have failed. */
const renewalDueMs = 7 * 86_400_000;

/** A background task: its name in a message, and why it last failed. */
export interface Background {
  readonly name: string;
  readonly failure: () => unknown;
  /** Its own problems, each with what to do about it. */
  readonly problems?: (() => readonly string[]) | undefined;
}

export async function lookAtHealth(
  context: StorageContext,
  background: readonly Background[],
  call: Call,
): Promise<Health> {
  const problems: string[] = [];
  const attempt = async <T>(what: string, run: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await run();
    } catch (error) {
      problems.push(`${what}: ${reasonOf(error)}`);
      return undefined;
    }
  };
  try {
    checkOptions(call, "look at health", callNames);
    using scope = new CallScope({ timeoutMs: timeoutMsDefault, ...call }, context.clock, "look at health");
    const inTime = <T>(work: Promise<T>): Promise<T> => untilAborted(work, scope.signal);
    const { etcd } = context;
    const each = { signal: scope.signal };
    const [revision, alarms, version, behindGrpcProxy, ...members] = await Promise.all([
      attempt("etcd cannot be read", () => inTime(currentRevision(context))),
      attempt("etcd's alarms cannot be read", () => inTime(etcd.maintenance.alarms(each))),
      attempt("etcd's version cannot be read", () => inTime(etcd.serverVersion(each))),
      // A fact that cannot be determined is not a separate problem.
      inTime(etcd.behindGrpcProxy(each)).catch(() => false),
      ...etcd.endpoints.map((endpoint) =>
        attempt(`endpoint ${endpoint} does not answer`, () =>
          inTime(etcd.maintenance.status({ ...each, endpoint })),
        ),
      ),
    ]);
    const answered = members.filter((member) => member !== undefined);
    const quotas = await Promise.all(
      answered.map(async ({ endpoint }) => ({
        endpoint,
        // An unknown value causes no warning and is not reported.
        bytes: await inTime(etcd.maintenance.quotaBytes({ ...each, endpoint })).catch(() => undefined),
      })),
    );
    const quotaBytes = quotas.flatMap(({ bytes }) => (bytes === undefined ? [] : [Number(bytes)]));
    for (const { endpoint, bytes } of quotas) {
      const member = answered.find((one) => one.endpoint === endpoint);
      if (member !== undefined && bytes !== undefined) problems.push(...spaceProblems(member, bytes));
    }
    for (const alarm of alarms ?? []) problems.push(alarmText(alarm));
    problems.push(...answered.flatMap(memberProblems));
    for (const { problems: own } of background) problems.push(...(own?.() ?? []));
    const { waitingStreams, tls } = etcd.stats();
    problems.push(...certificateProblems(tls, context.clock.nowMs()));
    if (waitingStreams > 0) {
      problems.push(
        `${waitingStreams} streams (watches) wait for a place: etcd, or a proxy before it, takes too few streams; raise its limit (etcd's --max-concurrent-streams)`,
      );
    }
    for (const { name, failure } of background) {
      const reason = failure();
      if (reason !== undefined) problems.push(`${name} failed and will be tried again: ${reasonOf(reason)}`);
    }
    const leader = answered.some((member) => member.leader !== 0n);
    if (answered.length > 0 && !leader) {
      problems.push("etcd has no leader: start enough members for a majority");
    }
    return {
      // Alarms and members that health() has no permission to ask say nothing about the store.
      ok: revision !== undefined && problems.length === 0,
      problems,
      leader,
      alarms: (alarms ?? []).map(({ type }) => type),
      databaseBytes: largest(answered, (member) => member.databaseBytes),
      databaseBytesInUse: largest(answered, (member) => member.databaseBytesInUse),
      quotaBytes: quotaBytes.length === 0 ? undefined : Math.min(...quotaBytes),
      epoch: context.epoch.recordedId,
      resourceVersion: revision === undefined ? undefined : formatResourceVersion(revision),
      etcdVersion: version,
      behindGrpcProxy,
      clientCertificateExpiresAt: tls?.clientCertificateExpiresAt,
    };
  } catch (error) {
    problems.push(reasonOf(error));
    return {
      ok: false,
      problems,
      leader: false,
      alarms: [],
      databaseBytes: undefined,
      databaseBytesInUse: undefined,
      quotaBytes: undefined,
      epoch: context.epoch.recordedId,
      resourceVersion: undefined,
      etcdVersion: undefined,
      behindGrpcProxy: false,
      clientCertificateExpiresAt: undefined,
    };
  }
}

function alarmText({ type, memberId }: Alarm): string {
  if (type === "NOSPACE") {
    return `etcd is out of space (alarm NOSPACE): free some by deleting, compact, defragment, then disarm the alarm of member ${memberId}`;
  }
  return `etcd raised alarm ${type} on member ${memberId}: stop writing, find the member that differs, restore it from a healthy one`;
}

function memberProblems({
  endpoint,
  errors,
  isLearner,
  databaseBytes,
  databaseBytesInUse,
}: MemberStatus): string[] {
  const problems = errors
    .filter((error) => !/NOSPACE|CORRUPT/.test(error))
    .map((error) => `endpoint ${endpoint} reports ${error}`);
  if (isLearner) problems.push(`endpoint ${endpoint} is a learner: it takes no writes until it is promoted`);
  const wasted = Number(databaseBytes - databaseBytesInUse);
  if (wasted > wastedBytesMin && wasted > wastedShare * Number(databaseBytes)) {
    problems.push(`endpoint ${endpoint} keeps ${wasted} free bytes in its file: defragment it`);
  }
  return problems;
}

/** The whole file counts, including free pages: etcd raises its alarm by the size of the file. */
function spaceProblems({ endpoint, databaseBytes }: MemberStatus, quotaBytes: bigint): string[] {
  const share = Number(databaseBytes) / Number(quotaBytes);
  if (share < fullShare) return [];
  return [
    `endpoint ${endpoint} has used ${Math.round(share * 100)} % of its space quota (${databaseBytes} of ${quotaBytes} bytes): compact and defragment, or raise --quota-backend-bytes`,
  ];
}

function certificateProblems(tls: EtcdStats["tls"], nowMs: number): string[] {
  const { problem, clientCertificateExpiresAt: end } = tls ?? {};
  const problems =
    problem === undefined ? [] : [`new connections use the certificates and key of before: ${problem}`];
  if (end === undefined) return problems;
  const leftMs = Date.parse(end) - nowMs;
  if (leftMs <= 0) problems.push(`the client certificate has expired on ${end}: renew it now`);
  else if (leftMs < renewalDueMs) problems.push(`the client certificate expires on ${end}: renew it`);
  return problems;
}

function largest(members: readonly MemberStatus[], of: (member: MemberStatus) => bigint): number | undefined {
  return members.length === 0 ? undefined : Math.max(...members.map((member) => Number(of(member))));
}

function reasonOf(error: unknown): string {
  if (isStoreError(error)) return `${error.code}: ${error.message}`;
  return messageOf(error);
}
