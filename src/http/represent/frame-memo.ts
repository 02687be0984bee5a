/**
 * Memoizes the frames of batches of events. A cache delivers the same batch object to every watcher that has kept up,
 * so the batch itself is the key.
 */
import type { WatchEvent } from "../../resource/contract/watch.ts";
import type { WatchFrames } from "./representation.ts";

type Batch = readonly WatchEvent<Uint8Array>[];

const encoder = new TextEncoder();
const lineEnd = encoder.encode("\r\n");

export class FrameMemo {
  readonly #make: (event: WatchEvent<Uint8Array>) => readonly Uint8Array[];
  /** Frames live as long as their batch. */
  readonly #made = new WeakMap<Batch, WatchFrames>();

  /** @param make returns the parts of one event's frame */
  constructor(make: (event: WatchEvent<Uint8Array>) => readonly Uint8Array[]) {
    this.#make = make;
  }

  of(events: Batch): WatchFrames {
    let frames = this.#made.get(events);
    if (frames === undefined) {
      frames = framesOf(events.flatMap((event) => this.#make(event)));
      this.#made.set(events, frames);
    }
    return frames;
  }
}

/** Concatenates `parts`, with and without an HTTP chunk's frame: both are views of one buffer. */
export function framesOf(parts: readonly Uint8Array[]): WatchFrames {
  let sizeBytes = 0;
  for (const part of parts) sizeBytes += part.byteLength;
  const head = encoder.encode(`${sizeBytes.toString(16)}\r\n`);
  const chunk = Buffer.allocUnsafeSlow(head.byteLength + sizeBytes + lineEnd.byteLength);
  chunk.set(head);
  let at = head.byteLength;
  for (const part of parts) {
    chunk.set(part, at);
    at += part.byteLength;
  }
  chunk.set(lineEnd, at);
  return { plain: chunk.subarray(head.byteLength, at), chunk };
}
