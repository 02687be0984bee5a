/**
 * `downgrade cancel`: the cluster keeps its version. etcd 3.6 reports success even if it failed, so the state is read
 * back.
 */
import type { Etcd } from "keelson/etcd";
import type { Command } from "../../cli/command.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import type { Session } from "../../cli/session.ts";

/** Other members than the one that cancelled learn of it within this time. */
const heardMs = 2_000;
const againMs = 50;

export const command: Command = {
  usage: "",
  about: [
    "Exit code 1 if the downgrade is still enabled afterwards. If none was enabled, etcd 3.6 reports success, and 3.5",
    "refuses.",
  ].join("\n"),
  examples: [["downgrade cancel", "members that are already replaced keep the older version"]],
  async run(session) {
    const etcd = await session.connect();
    const reply = await etcd.maintenance.downgrade.cancel(session.call);
    if (await isStillEnabled(session, etcd)) {
      throw new CliFailure(exitCodes.error, "the downgrade is still enabled: etcd's log says why", {
        hint: "endpoint status -w table shows which members are on their way down.",
      });
    }
    await session.show({ type: "downgrade", change: "cancel", ...reply });
  },
};

async function isStillEnabled(session: Session, etcd: Etcd): Promise<boolean> {
  const endMs = etcd.clock.monotonicMs() + heardMs;
  for (;;) {
    const [endpoint = ""] = etcd.endpoints;
    const { downgrade } = await etcd.maintenance.status({ ...session.call, endpoint });
    if (downgrade?.enabled !== true) return false;
    if (etcd.clock.monotonicMs() >= endMs) return true;
    await etcd.clock.sleep(againMs, session.io.signal);
  }
}
