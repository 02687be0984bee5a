/**
 * The messages of one watch's stream: what is sent, and the next one received. Silence is checked with a request for
 * progress; a member that does not answer it is reported unhealthy.
 */
import { setReadingTimer } from "../../base/time/reading-timer.ts";
import type { ClientStream } from "../client/client.ts";
import { decodeWatchReply, encodeWatchMessage, type WatchReply } from "../wire/watch.ts";
import type { WatchContext } from "./watch-context.ts";
import { Canceled } from "./watch-endings.ts";

/** etcd cancels a compacted watch when it next catches watches up, every 100 ms. */
const cancelWaitMs = 500;

const progressMessage = encodeWatchMessage({ type: "progress" });

export function requestProgress(stream: ClientStream): void {
  stream.write(progressMessage);
}

/**
 * The next reply, or undefined at the stream's end and when it has gone silent.
 *
 * @param views whether events are views of the message's bytes
 * @throws Canceled
 */
export async function receiveReply(
  context: WatchContext,
  stream: ClientStream,
  views: boolean,
): Promise<WatchReply | undefined> {
  const message = stream.poll() ?? (await listen(context, stream));
  if (message === undefined) return undefined;
  const reply = decodeWatchReply(message, { views });
  if (reply.canceled) throw new Canceled(reply);
  return reply;
}

async function listen(
  { client, times }: WatchContext,
  stream: ClientStream,
): Promise<Uint8Array | undefined> {
  let timer = client.clock.setTimer(times.silenceMs, () => {
    requestProgress(stream);
    timer = setReadingTimer(client.clock, times.probeMs, () =>
      stream.reportUnhealthy("a watch has fallen silent"),
    );
  });
  try {
    return await stream.next();
  } finally {
    timer.cancel();
  }
}

/**
 * Waits for the cancellation that is due: etcd cancels a start below the compacted revision, and names that revision.
 * Returns when none comes, as for a start at the compacted revision.
 *
 * @throws Canceled
 */
export async function awaitCancel(context: WatchContext, stream: ClientStream): Promise<void> {
  const timer = setReadingTimer(context.client.clock, cancelWaitMs, () => stream.cancel());
  try {
    await receiveReply(context, stream, false);
  } finally {
    timer.cancel();
  }
}
