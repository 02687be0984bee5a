/**
 * `check datascale`: the memory that the first endpoint uses for a number of keys, from its metrics page; output as
 * etcdctl's.
 */
import type { Command } from "../../cli/command.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import { CheckedKeys, checkFlags, type Load, loadOf, Measured } from "./workload.ts";

interface ScaleLoad {
  readonly keys: number;
  readonly clients: number;
}

const scaleLoads: Readonly<Record<Load, ScaleLoad>> = {
  s: { keys: 10_000, clients: 50 },
  m: { keys: 100_000, clients: 200 },
  l: { keys: 1_000_000, clients: 500 },
  xl: { keys: 3_000_000, clients: 1_000 },
};
/** Size of each key and each value, bytes. */
const halfBytes = 512;
const residentMemory = /^process_resident_memory_bytes (\S+)$/m;

export const command: Command = {
  usage: "[options]",
  about: [
    "Writes keys and values of 512 bytes below --prefix and deletes them afterwards, even if it is interrupted. With",
    "several endpoints it reports the memory of the first.",
  ].join("\n"),
  flags: checkFlags("datascale"),
  examples: [["check datascale --load m --auto-compact --auto-defrag", "100,000 keys, and no trace left"]],
  async run(session) {
    const load = scaleLoads[loadOf(session)];
    const etcd = await session.connect(undefined, { inFlightMax: load.clients });
    const keys = new CheckedKeys(session, etcd, { keyBytes: halfBytes, valueBytes: halfBytes });
    await keys.mustBeNone("");
    const [endpoint = ""] = etcd.endpoints;
    const memory = async (when: "before" | "after"): Promise<number> => {
      const page = await etcd.maintenance.metrics({ ...session.call, endpoint });
      const bytes = Number(residentMemory.exec(page ?? "")?.[1]);
      if (bytes > 0) return bytes;
      session.line(`FAIL: Could not read process_resident_memory_bytes ${when} the put operations.`);
      throw new CliFailure(exitCodes.error, "");
    };
    const before = await memory("before");
    session.line(
      `Start data scale check for work load [${load.keys} key-value pairs, ${2 * halfBytes} bytes per key-value, ${load.clients} concurrent clients].`,
    );
    const measured = new Measured();
    let after = 0;
    try {
      using bar = progressBar(session.io.stderr);
      let left = load.keys;
      const client = async (): Promise<void> => {
        while (left > 0 && !session.io.signal.aborted) {
          left--;
          await measured.one(() => keys.put());
          bar.show({ done: load.keys - left, total: load.keys, unit: "keys" });
        }
      };
      await Promise.all(Array.from({ length: load.clients }, client));
      session.io.signal.throwIfAborted();
      after = await memory("after");
    } finally {
      await keys.cleanUp();
    }
    await keys.defragment();
    const failures = measured.failures();
    for (const line of failures) session.line(line);
    if (failures.length > 0) throw new CliFailure(exitCodes.error, "");
    const used = (after - before) / (1024 * 1024);
    session.line(`PASS: Approximate system memory used : ${used.toFixed(2)} MB.`);
  },
};
