/**
 * `quota list`: limits and usage of each namespace, from a keelson store's ledgers and from Kubernetes' ResourceQuotas.
 */
import type { Etcd } from "keelson/etcd";
import type { Command } from "../../cli/command.ts";
import type { Session } from "../../cli/session.ts";
import { mapAt } from "../../cluster/plain-fields.ts";
import { sourceOf } from "../../store/key-source.ts";
import { kindCatalogue } from "../../store/kind-catalogue.ts";
import { readKind } from "../../store/read-objects.ts";
import { openForReading, storeFlags } from "../../store/store-flags.ts";
import { valueReader } from "../../store/value-reader.ts";
import { alignColumns } from "../../text/table.ts";

export const command: Command = {
  usage: "[namespace] [options]",
  about: [
    "For a Kubernetes cluster these are its ResourceQuotas, as last counted by their controller; the column KEPT BY shows",
    "the owner.",
  ].join("\n"),
  flags: storeFlags,
  examples: [["quota list shop", "of one namespace"]],
  async run(session) {
    const etcd = await session.connect();
    const [namespace] = session.args;
    const found = await quotasOf(session, etcd, namespace);
    if (session.flags.text("write-out") === "json") return session.line(JSON.stringify(found));
    const rows = found.flatMap(({ keptBy, namespace: owner, name, hard, used }) =>
      Object.entries(hard).map(([what, limit]) => [
        owner,
        name,
        what,
        String(used[what] ?? 0),
        String(limit),
        keptBy,
      ]),
    );
    session.io.stdout.write(
      alignColumns([["NAMESPACE", "QUOTA", "NAME", "USED", "HARD", "KEPT BY"], ...rows]),
    );
  },
};

/** Keelson's first, then Kubernetes'. @param namespace undefined: all */
export async function quotasOf(
  session: Session,
  etcd: Etcd,
  namespace: string | undefined,
): Promise<readonly ShownQuota[]> {
  const found: ShownQuota[] = [];
  {
    await using store = await openForReading(session, etcd, []);
    for (const quota of await store.quotas.list({ namespace, signal: session.io.signal })) {
      found.push({ keptBy: "keelson", ...quota });
    }
  }
  found.push(...(await resourceQuotas(session, etcd, namespace)));
  return found;
}

export interface ShownQuota {
  readonly keptBy: "keelson" | "kubernetes";
  readonly namespace: string;
  readonly name: string;
  readonly hard: Readonly<Record<string, unknown>>;
  readonly used: Readonly<Record<string, unknown>>;
}

async function resourceQuotas(
  session: Session,
  etcd: Etcd,
  namespace: string | undefined,
): Promise<readonly ShownQuota[]> {
  const source = await sourceOf(session, etcd);
  const reader = await valueReader(session, etcd);
  const catalogue = await kindCatalogue(session, source, reader);
  const [kind] = catalogue.named("resourcequotas", "");
  if (kind === undefined) return [];
  const select = { namespace: namespace ?? "", names: [], labels: "", fields: "" };
  const { found } = await readKind(session, { source, reader, catalogue, kind, select });
  reader.finish();
  return found.map(({ object }) => ({
    keptBy: "kubernetes",
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    hard: mapAt(object, "spec.hard"),
    used: mapAt(object, "status.used"),
  }));
}
