/**
 * The frames that a connection sends about itself and its streams: the preface, RST_STREAM, WINDOW_UPDATE, GOAWAY.
 * Each function lays out a payload (RFC 9113 section 6) and hands it to the output.
 */
import { defaultWindowBytes, frameType, preface, setting } from "./frames.ts";
import type { Output } from "./output.ts";

/** Begins a connection: the preface, our SETTINGS, and `connectionWindowBytes` for all streams together. */
export function sendPreface(output: Output, streamWindowBytes: number, connectionWindowBytes: number): void {
  output.raw(preface);
  const entries: readonly (readonly [number, number])[] = [
    [setting.headerTableSize, 0],
    [setting.enablePush, 0],
    [setting.initialWindowSize, streamWindowBytes],
  ];
  const payload = Buffer.alloc(entries.length * 6);
  entries.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  output.frame(frameType.settings, 0, 0, payload);
  sendWindowUpdate(output, 0, connectionWindowBytes - defaultWindowBytes);
}

export function sendReset(output: Output, streamId: number, code: number): void {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(code, 0);
  output.frame(frameType.rstStream, 0, streamId, payload);
}

/** `streamId` 0 grants window to the connection as a whole. */
export function sendWindowUpdate(output: Output, streamId: number, bytes: number): void {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(bytes, 0);
  output.frame(frameType.windowUpdate, 0, streamId, payload);
}

/** Nothing follows it, so it leaves at once. The last stream id is 0: the peer opens no streams. */
export function sendGoAway(output: Output, code: number): void {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(code, 4);
  output.frame(frameType.goAway, 0, 0, payload);
  output.flush();
}
