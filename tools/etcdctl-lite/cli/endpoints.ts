/** Runs work on each endpoint separately: the given ones, or with `--cluster` those that the members announce. */
import type { Etcd } from "keelson/etcd";
import { CliFailure } from "./failure.ts";
import { causeOf, hintOf } from "./failure-text.ts";
import type { FlagSpec } from "./flags.ts";
import type { Session } from "./session.ts";

export const clusterFlag: FlagSpec = {
  name: "cluster",
  type: "switch",
  summary: "use all endpoints from the cluster member list",
};

export async function endpointsOf(session: Session): Promise<readonly string[]> {
  return session.flags.on("cluster") ? clusterEndpoints(session) : session.endpoints();
}

export async function clusterEndpoints(session: Session): Promise<readonly string[]> {
  const etcd = await session.connect();
  const { members } = await etcd.cluster.members(session.call);
  return [...new Set(members.flatMap(({ clientUrls }) => clientUrls))];
}

/** Queries all concurrently and names failed ones on stderr, in order. `what` describes the request. */
export async function eachEndpoint<T>(
  session: Session,
  what: string,
  ask: (etcd: Etcd, endpoint: string) => Promise<T>,
): Promise<{ readonly answers: readonly T[]; readonly failures: number; readonly lastCause: string }> {
  const endpoints = await endpointsOf(session);
  await session.printer();
  const outcomes = await Promise.allSettled(
    endpoints.map(async (endpoint) => ask(await session.connect([endpoint]), endpoint)),
  );
  session.io.signal.throwIfAborted();
  const answers: T[] = [];
  const hints = new Set<string>();
  let lastCause = "";
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") answers.push(outcome.value);
    else if (outcome.reason instanceof CliFailure) throw outcome.reason;
    else {
      const hint = hintOf(outcome.reason);
      if (hint !== undefined) hints.add(hint);
      lastCause = causeOf(outcome.reason);
      session.io.stderr.write(
        `Failed to get the ${what} of endpoint ${endpoints[at] ?? ""} (${lastCause})\n`,
      );
    }
  }
  for (const hint of hints) session.io.stderr.write(`${hint}\n`);
  return { answers, failures: endpoints.length - answers.length, lastCause };
}
