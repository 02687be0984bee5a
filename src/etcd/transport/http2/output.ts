/**
 * Gathers what is to be sent: the frames of one event-loop turn leave in as few socket writes as possible.
 *
 * Small frames are copied into a chunk; a chunk is written when it is full or when the turn ends (`setImmediate`, the
 * phase after all arrived packets were handled). Chunks are reused once the socket has written them.
 */
import type { Socket } from "node:net";
import { clearImmediate, setImmediate } from "node:timers";
import { frameHeaderBytes, putFrameHeader } from "./frames.ts";

/** One chunk: a socket write of this size costs little more than one of 1 KiB. */
const chunkBytes = 64 * 1024;
/** Chunks kept for reuse per connection. */
const spareChunksMax = 8;
/** Larger payloads are written without being copied. */
const copyBytesMax = 16 * 1024;

export class Output {
  readonly #socket: Socket;
  readonly #spare: Buffer[] = [];
  #chunk: Buffer | undefined;
  #used = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #closed = false;
  /** Bytes handed to the socket so far. */
  writtenBytes = 0;
  /** Bytes taken so far, written or still gathered: `takenBytes <= writtenBytes` at a mark means "has left". */
  takenBytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  frame(type: number, flags: number, streamId: number, payload: Uint8Array, prefix?: Uint8Array): void {
    if (this.#closed) return;
    const prefixBytes = prefix?.length ?? 0;
    const length = prefixBytes + payload.length;
    const direct = payload.length > copyBytesMax;
    const chunk = this.#room(frameHeaderBytes + prefixBytes + (direct ? 0 : payload.length));
    putFrameHeader(chunk, this.#used, length, type, flags, streamId);
    this.#used += frameHeaderBytes;
    if (prefix !== undefined) {
      chunk.set(prefix, this.#used);
      this.#used += prefixBytes;
    }
    this.takenBytes += frameHeaderBytes + length;
    if (direct) {
      this.flush();
      this.writtenBytes += payload.length;
      this.#socket.write(payload);
      return;
    }
    chunk.set(payload, this.#used);
    this.#used += payload.length;
    this.#schedule();
  }

  raw(bytes: Uint8Array): void {
    if (this.#closed) return;
    const chunk = this.#room(bytes.length);
    chunk.set(bytes, this.#used);
    this.#used += bytes.length;
    this.takenBytes += bytes.length;
    this.#schedule();
  }

  flush(): void {
    if (this.#scheduled !== undefined) {
      clearImmediate(this.#scheduled);
      this.#scheduled = undefined;
    }
    const chunk = this.#chunk;
    if (chunk === undefined || this.#used === 0 || this.#closed) return;
    const bytes = chunk.subarray(0, this.#used);
    this.#chunk = undefined;
    this.writtenBytes += this.#used;
    this.#used = 0;
    this.#socket.write(bytes, () => {
      if (this.#spare.length < spareChunksMax) this.#spare.push(chunk);
    });
  }

  /** Drops what is still gathered. */
  close(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#closed = true;
  }

  #room(bytes: number): Buffer {
    if (this.#chunk !== undefined && this.#used + bytes > chunkBytes) this.flush();
    this.#chunk ??= this.#spare.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
    return this.#chunk;
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.flush();
    });
  }
}
