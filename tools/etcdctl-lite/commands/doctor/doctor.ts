/** `doctor`: checks the cluster and gives advice for each finding. It cannot write. */
import { isStoreError } from "keelson";
import type { Alarm, Etcd, Member } from "keelson/etcd";
import type { Command } from "../../cli/command.ts";
import { badFeature, CliFailure, exitCodes } from "../../cli/failure.ts";
import { causeOf, hintOf } from "../../cli/failure-text.ts";
import type { Session } from "../../cli/session.ts";
import { storeFlags } from "../../store/store-flags.ts";
import { type Colour, painter } from "../../text/colour.ts";
import { formatBytes } from "../../text/quote.ts";
import { alignColumns } from "../../text/table.ts";
import { hashFindings, type Reached, revisionFindings } from "./agreement.ts";
import { certificateFindings } from "./certificates.ts";
import { type Finding, type Level, worstFirst } from "./finding.ts";
import { epochFindings, historyFacts, historyFindings } from "./history.ts";
import {
  isMinority,
  type MemberFacts,
  memberFindings,
  quorumFindings,
  unstartedFindings,
} from "./member-checks.ts";
import { type KindCount, lookAtObjects } from "./objects.ts";

/** Kinds in the report; all of them are in "resources list". */
const shownKinds = 10;

export const command: Command = {
  usage: "[options]",
  about: [
    "Checks every member: whether it answers and is ready by its own probe, its version, known faults and support period,",
    "a downgrade in progress, alarms, leader, size and quota, free space, raft. Checks the members together: revisions, a",
    "hash of their contents, expiring certificates. Checks history: compaction and its clock, and the epoch of a keelson",
    "store. Checks the objects of a store or a Kubernetes cluster: the number of each kind, the largest, and objects that",
    "cannot be read, never expire, or are not encrypted as configured. It never writes.",
    "",
    "Exit code 0: nothing must be done, with or without warnings. 1: there is an error, or with --strict a warning, or",
    "etcd cannot be reached. -w json gives members, findings and counts.",
  ].join("\n"),
  flags: [
    { name: "hash", type: "switch", summary: "compare the members' hashes of large databases too" },
    { name: "objects", type: "switch", summary: "check every object, regardless of their number" },
    ...storeFlags,
    { name: "strict", type: "switch", summary: "exit with 1 for warnings too" },
  ],
  examples: [
    ["doctor --endpoints http://10.0.0.1:2379", "the whole cluster, from one of its members"],
    ["doctor -w json --strict", "for a nightly job"],
  ],
  async run(session) {
    const format = session.flags.text("write-out");
    if (format !== "simple" && format !== "json")
      throw badFeature(`${format} not supported as output format`);
    const { reached, findings, kinds } = await lookOver(session);
    const errors = countOf(findings, "error");
    const warnings = countOf(findings, "warning");
    if (format === "json") {
      const members = reached.map(({ endpoint, status }) => ({
        endpoint,
        id: status.header.memberId.toString(16),
        version: status.version,
        revision: status.header.revision.toString(),
        databaseBytes: Number(status.databaseBytes),
        databaseBytesInUse: Number(status.databaseBytesInUse),
        leader: status.leader === status.header.memberId,
        learner: status.isLearner,
      }));
      session.line(JSON.stringify({ members, objects: kinds, findings, errors, warnings }));
    } else {
      show(session, reached, findings);
      showKinds(session, kinds);
    }
    const failed = errors > 0 || (warnings > 0 && session.flags.on("strict"));
    if (failed) throw new CliFailure(exitCodes.error, format === "json" ? "" : counted(errors, warnings));
  },
};

async function lookOver(session: Session): Promise<{
  readonly reached: readonly Reached[];
  readonly findings: readonly Finding[];
  readonly kinds: readonly KindCount[];
}> {
  const given = await session.endpoints();
  const looked = new Map<string, Promise<Look>>();
  // Each once: one that is silent takes the whole time of a connection.
  const lookAt = (endpoint: string): Promise<Look> => {
    const look = looked.get(endpoint) ?? reach(session, endpoint);
    looked.set(endpoint, look);
    return look;
  };
  const connected = await connectReading(session, given).catch(async (error: unknown) => {
    session.io.signal.throwIfAborted();
    // Of several: a member may be down while another has not found its peers yet, so each is reported.
    const looks = given.length > 1 ? await Promise.all(given.map(lookAt)) : [];
    if (looks.every(({ findings }) => findings.length === 0)) throw error;
    // The first one tried may have used up the time of the others.
    return looks.find(({ found }) => found !== undefined)?.found?.etcd ?? looks;
  });
  if (!("cluster" in connected)) {
    return { reached: [], kinds: [], findings: connected.flatMap(({ findings }) => findings) };
  }
  const etcd = connected;
  // From this member's own state: a linearizable read needs the quorum, which may be lost.
  const { header, members } = await etcd.cluster.members({ ...session.call, linearizable: false });
  const endpoints = [...new Set(members.flatMap(({ clientUrls }) => clientUrls))];
  const [looks, others] = await Promise.all([
    Promise.all(endpoints.map(lookAt)),
    otherEndpoints(
      lookAt,
      // Given with or without a scheme.
      given.filter((each) => !endpoints.some((url) => url === each || url.endsWith(`://${each}`))),
      header.clusterId,
    ),
  ]);
  session.io.signal.throwIfAborted();
  const reached = looks.flatMap(({ found }) => (found === undefined ? [] : [found]));
  const statuses = reached.map(({ status }) => status);
  const isLed = !isMinority(members, statuses) || (await answersReads(session, etcd));
  const lost = quorumFindings(
    members,
    isLed ? statuses : statuses.map((status) => ({ ...status, leader: 0n })),
  );
  // Without a quorum these requests would only time out.
  const whole = lost.length === 0;
  const alarms = !whole
    ? []
    : await etcd.maintenance.alarms(session.call).catch((error: unknown) => unlookedAt("alarms", error));
  let kinds: readonly KindCount[] = [];
  const checks: readonly (readonly [string, () => Promise<readonly Finding[]>])[] = [
    ["hash", async () => (whole ? hashFindings(session, reached, session.flags.on("hash")) : [])],
    ["compaction", async () => (whole ? historyFindings(await historyFacts(session, etcd)) : [])],
    ["epoch", async () => (whole ? epochFindings(session, reached, session.flags.text("registry")) : [])],
    [
      "objects",
      async () => {
        if (!whole) return [];
        const look = await lookAtObjects(session, etcd, session.flags.on("objects"));
        kinds = look.kinds;
        return look.findings;
      },
    ],
    ["proxy", () => proxyFindings(session, etcd)],
    ["certificate", () => certificateFindings(session, urlsOf(members), etcd.clock.nowMs())],
  ];
  const later: Finding[] = [];
  for (const [check, look] of checks) {
    later.push(
      ...(await look().catch((error: unknown) => {
        session.io.signal.throwIfAborted();
        return unlookedAt(check, error);
      })),
    );
  }
  return {
    reached,
    kinds,
    findings: worstFirst([
      ...lost,
      ...looks.flatMap(({ findings }) => findings),
      ...others,
      ...unstartedFindings(members),
      ...alarms.flatMap((alarm) => ("check" in alarm ? [alarm] : [alarmFinding(alarm)])),
      ...memberFindings(looks.flatMap(({ facts }) => (facts === undefined ? [] : [facts]))),
      ...revisionFindings(reached.map(({ status }) => status)),
      ...later,
    ]),
  };
}

/** Whether the answering members have a quorum: members that this tool cannot reach may still reach each other. */
async function answersReads(session: Session, etcd: Etcd): Promise<boolean> {
  try {
    await etcd.kv.range({ key: "\0", limit: 1, keysOnly: true }, session.call);
    return true;
  } catch (error) {
    session.io.signal.throwIfAborted();
    return !isStoreError(error, "UNAVAILABLE", "DEADLINE");
  }
}

/** The number of objects of the most frequent kinds, and the largest of each. */
function showKinds({ io }: Session, kinds: readonly KindCount[]): void {
  const shown = kinds.slice(0, shownKinds);
  if (shown.length === 0) return;
  const rows = shown.map(({ resource, objects, bytes, largest, largestBytes }) => [
    resource,
    String(objects),
    formatBytes(BigInt(bytes)),
    `${largest} (${formatBytes(BigInt(largestBytes))})`,
  ]);
  io.stdout.write(`\n${alignColumns([["OBJECTS", "COUNT", "BYTES", "LARGEST"], ...rows])}`);
  if (kinds.length > shownKinds)
    io.stdout.write(`and ${kinds.length - shownKinds} more kinds: resources list\n`);
}

/** Refuses every write before it is sent. */
async function connectReading(session: Session, endpoints: readonly string[]): Promise<Etcd> {
  const { readOnlyEtcd } = await import("keelson/etcd");
  // The doctor must also connect to unsupported versions, in order to report them.
  return readOnlyEtcd(await session.connect(endpoints, { allowFaultyVersions: true }));
}

interface Look {
  readonly found?: Reached;
  readonly facts?: MemberFacts;
  readonly findings: readonly Finding[];
}

async function reach(session: Session, endpoint: string): Promise<Look> {
  try {
    const etcd = await connectReading(session, [endpoint]);
    const call = { ...session.call, endpoint: etcd.endpoints[0] ?? endpoint };
    const status = { ...(await etcd.maintenance.status(call)), endpoint };
    const [quotaBytes, ready] = await Promise.all([
      etcd.maintenance.quotaBytes(call).catch(() => undefined),
      // Without a leader it would wait for one, and the missing leader is already reported.
      status.leader === 0n ? undefined : etcd.maintenance.probe("readyz", call).catch(() => undefined),
    ]);
    session.io.signal.throwIfAborted();
    return { found: { endpoint, etcd, status }, facts: { status, quotaBytes, ready }, findings: [] };
  } catch (error) {
    session.io.signal.throwIfAborted();
    const advice = hintOf(error) ?? "start or replace the member";
    return {
      findings: [
        {
          level: "error",
          check: "reach",
          where: endpoint,
          what: `does not answer: ${causeOf(error)}`,
          advice,
        },
      ],
    };
  }
}

/** Endpoints of the command line that are no member's client URL: a balancer, another name of a member, or a mistake. */
async function otherEndpoints(
  lookAt: (endpoint: string) => Promise<Look>,
  given: readonly string[],
  clusterId: bigint,
): Promise<readonly Finding[]> {
  const looks = await Promise.all(given.map(lookAt));
  return looks.flatMap(({ found, findings }) => {
    const advice =
      "it is no client URL of a member: take it out of the endpoints, or start what listens there";
    if (found === undefined) return findings.map((finding) => ({ ...finding, advice }));
    const { endpoint, status } = found;
    // A proxy may answer for the members without the cluster's id.
    if (clusterId === 0n || status.header.clusterId === clusterId) return [];
    const what = "is a member of another cluster";
    return [
      { level: "error", check: "reach", where: endpoint, what, advice: "take it out of the endpoints" },
    ];
  });
}

const urlsOf = (members: readonly Member[]): readonly string[] =>
  members.flatMap(({ clientUrls, peerUrls }) => [...clientUrls, ...peerUrls]);

function unlookedAt(check: string, error: unknown): readonly Finding[] {
  const what = `could not be looked at: ${causeOf(error)}`;
  const denied = isStoreError(error, "PERMISSION_DENIED", "UNAUTHENTICATED");
  const advice =
    hintOf(error) ?? (denied ? "look again, with a user who may" : "look again once the cluster answers");
  return [{ level: "note", check, where: "cluster", what: `${check} ${what}`, advice }];
}

function alarmFinding({ type, memberId }: Alarm): Finding {
  const advice =
    type === "NOSPACE"
      ? "delete what is not needed, compaction, defrag --cluster, then alarm disarm: until then nothing can be written"
      : "stop writing; find the member that differs (endpoint hashkv --cluster), remove it and add it again";
  return {
    level: "error",
    check: "alarm",
    where: `member ${memberId.toString(16)}`,
    what: `has raised alarm ${type}`,
    advice,
  };
}

const colours: Readonly<Record<Level, Colour>> = { error: "red", warning: "yellow", note: "dim" };

async function proxyFindings(session: Session, etcd: Etcd): Promise<readonly Finding[]> {
  if (!(await etcd.behindGrpcProxy(session.call))) return [];
  return [
    {
      level: "warning",
      check: "proxy",
      where: etcd.endpoints.join(", "),
      what: "is etcd's grpc-proxy: it drops progress requests, so reads of caches go to etcd, and bookmarks come with events alone",
      advice: "give programs the members' own endpoints, or etcd's gateway",
    },
  ];
}

function show(session: Session, reached: readonly Reached[], findings: readonly Finding[]): void {
  const paint = painter(session.io.stdout, session.io.env);
  for (const { endpoint, status } of reached) {
    const role =
      status.leader === status.header.memberId ? "leader" : status.isLearner ? "learner" : "follower";
    const size = formatBytes(status.databaseBytes);
    session.line(`${endpoint}: etcd ${status.version}, ${size}, ${role}, revision ${status.header.revision}`);
  }
  for (const { level, where, what, advice } of findings) {
    session.line(`${paint(colours[level], `${level}:`)} ${where}: ${what}\n    ${advice}`);
  }
  const errors = countOf(findings, "error");
  const warnings = countOf(findings, "warning");
  if (errors + warnings === 0) session.line(paint("green", "nothing to do"));
  else if (errors === 0 && !session.flags.on("strict")) session.line(counted(errors, warnings));
}

const countOf = (findings: readonly Finding[], level: Level): number =>
  findings.filter((finding) => finding.level === level).length;

const counted = (errors: number, warnings: number): string =>
  [
    ...(errors > 0 ? [`${errors} error${errors === 1 ? "" : "s"}`] : []),
    ...(warnings > 0 ? [`${warnings} warning${warnings === 1 ? "" : "s"}`] : []),
  ].join(", ");
