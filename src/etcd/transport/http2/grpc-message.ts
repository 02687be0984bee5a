/**
 * gRPC's message framing inside DATA: one compression byte, a 32-bit length, the message.
 *
 * The assembler takes pieces as they arrive. A message inside one piece is passed on as a view of it; a longer one
 * is assembled, and memory grows only with bytes that have arrived, whatever length the peer announced.
 */
/** Compression byte and length. */
export const messagePrefixBytes = 5;
/** Messages up to this are assembled in one allocation; longer ones piece by piece. */
const allocateAtOnceBytes = 1024 * 1024;
/** Most bytes of one message. etcd's largest replies (unpaged ranges) stay far below; a Buffer could not hold 4 GiB. */
export const messageBytesMax: number = 2 ** 31 - 1;

/** `flags` 0: not compressed. */
export function messagePrefix(messageBytes: number): Uint8Array {
  const prefix = Buffer.allocUnsafe(messagePrefixBytes);
  prefix[0] = 0;
  prefix.writeUInt32BE(messageBytes, 1);
  return prefix;
}

export class MessageAssembler {
  readonly #onMessage: (message: Uint8Array) => void;
  #prefix: Buffer | undefined;
  #prefixUsed = 0;
  #length = -1;
  #whole: Buffer | undefined;
  #parts: Buffer[] = [];
  #gathered = 0;

  constructor(onMessage: (message: Uint8Array) => void) {
    this.#onMessage = onMessage;
  }

  /** Takes a piece; returns a description of the error, if any. */
  push(piece: Buffer): string | undefined {
    let at = 0;
    while (at < piece.length || this.#length === 0) {
      if (this.#length < 0) {
        if (this.#prefixUsed === 0 && piece.length - at >= messagePrefixBytes) {
          const fault = this.#begin(piece, at);
          if (fault !== undefined) return fault;
          at += messagePrefixBytes;
          continue;
        }
        this.#prefix ??= Buffer.allocUnsafe(messagePrefixBytes);
        const take = Math.min(messagePrefixBytes - this.#prefixUsed, piece.length - at);
        piece.copy(this.#prefix, this.#prefixUsed, at, at + take);
        this.#prefixUsed += take;
        at += take;
        if (this.#prefixUsed < messagePrefixBytes) return undefined;
        this.#prefixUsed = 0;
        const fault = this.#begin(this.#prefix, 0);
        if (fault !== undefined) return fault;
        continue;
      }
      const missing = this.#length - this.#gathered;
      if (this.#gathered === 0 && piece.length - at >= missing) {
        this.#finish(piece.subarray(at, at + missing));
        at += missing;
        continue;
      }
      const take = Math.min(missing, piece.length - at);
      this.#gather(piece.subarray(at, at + take));
      at += take;
      if (this.#gathered === this.#length)
        this.#finish(this.#whole ?? Buffer.concat(this.#parts, this.#length));
    }
    return undefined;
  }

  #begin(bytes: Buffer, at: number): string | undefined {
    if (bytes[at] !== 0) return `message with compression flag ${bytes[at]}, expected 0`;
    const length = bytes.readUInt32BE(at + 1);
    if (length > messageBytesMax) return `message of ${length} bytes, at most ${messageBytesMax} allowed`;
    this.#length = length;
    return undefined;
  }

  #gather(part: Buffer): void {
    if (this.#length <= allocateAtOnceBytes) {
      this.#whole ??= Buffer.allocUnsafeSlow(this.#length);
      part.copy(this.#whole, this.#gathered);
    } else {
      this.#parts.push(part);
    }
    this.#gathered += part.length;
  }

  #finish(message: Uint8Array): void {
    this.#length = -1;
    this.#gathered = 0;
    this.#whole = undefined;
    this.#parts = [];
    this.#onMessage(message);
  }
}

/** `grpc-message` is percent-encoded UTF-8; malformed escapes stay as they are. */
export function decodeGrpcMessage(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
