/**
 * `downgrade cancel` believes the members' status and not the answer: etcd 3.6 answers alike where it has cancelled nothing. Over
 * the etcd in memory, with 3.6's status and answers.
 */
import type { Etcd } from "keelson/etcd";
import { expect, test } from "vitest";
import { downgradeResponse, statusResponse } from "../../../src/etcd/wire/maintenance.ts";
import { parseFlags } from "../../../tools/etcdctl-lite/cli/flags.ts";
import { globalFlags } from "../../../tools/etcdctl-lite/cli/globals.ts";
import { Session } from "../../../tools/etcdctl-lite/cli/session.ts";
import { command } from "../../../tools/etcdctl-lite/commands/downgrade/cancel.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { LeapClock } from "../../support/time/leap-clock.ts";
import { until } from "../../support/time/patience.ts";

class ConnectedSession extends Session {
  readonly #etcd: Etcd;
  constructor(etcd: Etcd, write: (text: string) => void) {
    const { flags } = parseFlags(["--command-timeout=60s"], globalFlags);
    const stream = {
      isTTY: false,
      write: (bytes: Uint8Array | string) => write(Buffer.from(bytes).toString()),
    };
    super({
      args: [],
      flags,
      dashAt: -1,
      commands: () => Promise.resolve([]),
      io: {
        stdin: (async function* () {})(),
        stdout: stream,
        stderr: stream,
        env: {},
        program: "etcdctl-lite",
        signal: new AbortController().signal,
      },
    });
    this.#etcd = etcd;
  }

  override connect(): Promise<Etcd> {
    return Promise.resolve(this.#etcd);
  }
}

/** An etcd 3.6 whose downgrade is enabled in as many status answers as it is told, counted from the cancellation. */
function downgradingLab(enabledAnswers: number): {
  lab: MemoryLab;
  etcd: Etcd;
  clock: LeapClock;
  asked: () => number;
} {
  const clock = new LeapClock();
  const lab = new MemoryLab(clock);
  let [cancelled, asked] = [false, 0];
  const status = "/etcdserverpb.Maintenance/Status";
  const etcd = lab.connect({
    async answer(method, request, server) {
      if (method === "/etcdserverpb.Maintenance/Downgrade") {
        const { header } = statusResponse.decode(await server.call(status, request));
        cancelled = true;
        return downgradeResponse.encode({ header, version: "3.6" });
      }
      const reply = await server.call(method, request);
      if (method !== status) return reply;
      if (cancelled) asked++;
      const enabled = asked <= enabledAnswers;
      const told = { ...statusResponse.decode(reply), version: "3.6.14", storageVersion: "3.6.0" };
      return statusResponse.encode({
        ...told,
        downgrade: { enabled, targetVersion: enabled ? "3.5.0" : "" },
      });
    },
  });
  return { lab, etcd, clock, asked: () => asked };
}

test("a downgrade that is still enabled after its cancellation is a failure, though etcd has answered", async () => {
  const { lab, etcd, clock, asked } = downgradingLab(Number.POSITIVE_INFINITY);
  await using _lab = lab;
  let printed = "";
  const ended = command.run(new ConnectedSession(etcd, (text) => (printed += text)));
  ended.catch(() => {});
  await until(() => asked() >= 3, "the status is read again and again");
  clock.leap(2_000);
  await expect(ended).rejects.toMatchObject({
    message: "the downgrade is still enabled: etcd's log says why",
    hint: expect.stringContaining("endpoint status"),
  });
  expect(printed).toBe("");
});

test("a member that hears of the cancellation a little later is waited for", async () => {
  const { lab, etcd, asked } = downgradingLab(2);
  await using _lab = lab;
  let printed = "";
  await command.run(new ConnectedSession(etcd, (text) => (printed += text)));
  expect(asked()).toBe(3);
  expect(printed).toContain("cluster version 3.6");
});
