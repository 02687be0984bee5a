/**
 * The body of a watch as bench/http reads it: it counts events by their ends, and keeps the version of the last one, to
 * resume when the server ends the watch, as kube-apiserver does with a slow watcher. Bytes are not decoded: the bench
 * shares its machine with the servers.
 */
const eventEnd = Buffer.from("}\n");
/** The last chunk of HTTP/1.1. JSON has no bare line end, so it occurs nowhere else. */
const bodyEnd = "\r\n0\r\n\r\n";

export class WatchedBody {
  /** The last bytes received, as long as the end of a body. */
  #tail = "";
  /** The last two pieces received: a version may be split between them. */
  #pieces: readonly Buffer[] = [];

  /** @returns events that ended in these bytes */
  take(bytes: Buffer): number {
    let count = this.#tail.endsWith("}") && bytes[0] === 0x0a ? 1 : 0;
    for (let at = bytes.indexOf(eventEnd); at >= 0; at = bytes.indexOf(eventEnd, at + 2)) count++;
    this.#tail = (this.#tail + bytes.toString("latin1", Math.max(0, bytes.length - bodyEnd.length))).slice(
      -bodyEnd.length,
    );
    this.#pieces = [...this.#pieces.slice(-1), bytes];
    return count;
  }

  /** The server has ended the watch. */
  get hasEnded(): boolean {
    return this.#tail === bodyEnd;
  }

  /** Resource version of the last event; undefined before the first. */
  lastVersion(): string | undefined {
    const text = Buffer.concat(this.#pieces).toString("latin1");
    return [...text.matchAll(/"resourceVersion":"(\d+)"/g)].at(-1)?.[1];
  }
}
