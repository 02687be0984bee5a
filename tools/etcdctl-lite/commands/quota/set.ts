/** `quota set`: limits of a namespace, in one write. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { openForQuotas, refuseUnknownCounts, unreadLine } from "../../store/quota-store.ts";
import { storeFlags } from "../../store/store-flags.ts";

export const command: Command = {
  usage: "<namespace> <name>=<amount>… [options]",
  about:
    "A count of an unrecorded resource, such as a misspelt one, is refused because it would limit nothing.",
  flags: [
    ...storeFlags,
    { name: "force", type: "switch", summary: "set a count of a resource that is not on record yet, too" },
    { name: "quota", type: "text", fallback: "default", summary: "the quota's name" },
  ],
  examples: [["quota set shop count/pods=100 bytes=20Mi", "at most 100 pods and 20 MiB of objects"]],
  async run(session) {
    const [namespace, ...limits] = session.args;
    const pairs = limits.map((limit) => /^([^=]+)=(.+)$/.exec(limit));
    if (namespace === undefined || pairs.length === 0 || pairs.includes(null)) {
      throw badArguments("quota set needs a namespace and limits such as count/pods=100");
    }
    const hard = Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", pair?.[2] ?? ""]));
    if (!session.flags.on("force")) await refuseUnknownCounts(session, Object.keys(hard));
    await using store = await openForQuotas(session);
    const name = session.flags.text("quota");
    const status = await store.quotas.set(namespace, { name, hard }, { signal: session.io.signal });
    session.line(`quota ${status.name} of namespace ${status.namespace} set`);
    const unread = unreadLine(status.unread ?? 0);
    if (unread !== undefined) session.io.stderr.write(`${unread}\n`);
  },
};
