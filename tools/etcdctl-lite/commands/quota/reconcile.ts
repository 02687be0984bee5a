/** `quota reconcile`: counts the objects and corrects ledgers that differ. */

import type { Command } from "../../cli/command.ts";
import { openForQuotas, unreadLine } from "../../store/quota-store.ts";
import { storeFlags } from "../../store/store-flags.ts";
import { counted } from "../../text/counted.ts";

export const command: Command = {
  usage: "[namespace] [options]",
  flags: storeFlags,
  examples: [["quota reconcile", "all namespaces"]],
  async run(session) {
    await using store = await openForQuotas(session);
    const { checked, differences, unread } = await store.quotas.reconcile(session.args[0], {
      signal: session.io.signal,
    });
    for (const { namespace, quota, name, ledger, counted } of differences) {
      session.line(`${namespace}/${quota} ${name}: the ledger said ${ledger}, counted ${counted}`);
    }
    session.line(`${counted(checked, "ledger")} checked, ${differences.length} corrected`);
    const left = unreadLine(unread);
    if (left !== undefined) session.io.stderr.write(`${left}\n`);
  },
};
