/**
 * The client of a KMS v2 plugin over its unix socket: Status, Encrypt and Decrypt of v2.KeyManagementService.
 *
 * There is one request per data key, not per value, so each request opens its own connection: nothing stays open or has
 * to be closed. gRPC is HTTP/2 with five bytes before the message; Node's own client is enough for that.
 */
import { connect as connectHttp2, constants } from "node:http2";
import { connect as connectSocket } from "node:net";
import { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import type { Clock } from "../../base/time/clock.ts";
import { KeyFault } from "../../codec/sealing/transform.ts";
import { StoreError } from "../../errors.ts";
import { MessageReader, writeMap } from "./proto-message.ts";

export interface WrappedKey {
  readonly keyId: string;
  readonly wrappedKey: Uint8Array;
  readonly annotations: ReadonlyMap<string, Uint8Array>;
}

export interface KmsPluginOptions {
  readonly name: string;
  readonly socketPath: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const service = "/v2.KeyManagementService/";
/** gRPC's prefix of a message: a byte for "not compressed", and the length. */
const messagePrefixBytes = 5;
/** Data keys are small, and annotations have 32 kB. */
const answerBytesMax: number = 256 * 1024;
/** gRPC codes for a wrong key or wrong data, which a retry does not fix: INVALID_ARGUMENT, NOT_FOUND, DATA_LOSS. */
const lastingCodes: ReadonlySet<string> = new Set(["3", "5", "15"]);

export class KmsPlugin {
  readonly #options: KmsPluginOptions;

  constructor(options: KmsPluginOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** @throws UNAVAILABLE: it does not answer, is unhealthy, or has another version */
  async status(): Promise<{ readonly keyId: string }> {
    const answer = new Map<number, string>();
    const reader = new MessageReader(await this.#ask("Status", new Uint8Array(0)));
    this.#read(reader, (field) => answer.set(field, reader.text()));
    const [version, health, keyId] = [1, 2, 3].map((field) => answer.get(field) ?? "");
    if (version !== "v2" && version !== "v2beta1") throw this.#failed("Status", "it speaks another version");
    if (health !== "ok" || keyId === undefined || keyId === "")
      throw this.#failed("Status", "it says it is not well");
    return { keyId };
  }

  /** Wraps a data key. @throws UNAVAILABLE */
  async encrypt(plaintext: Uint8Array, uid: string): Promise<WrappedKey> {
    const request = new ProtoWriter();
    request.bytes(2, uid);
    request.bytes(1, plaintext);
    let wrappedKey: Uint8Array = new Uint8Array(0);
    let keyId = "";
    const annotations = new Map<string, Uint8Array>();
    const reader = new MessageReader(await this.#ask("Encrypt", request.finish()));
    this.#read(reader, (field) => {
      if (field === 1) wrappedKey = reader.bytes();
      else if (field === 2) keyId = reader.text();
      else if (field === 3) reader.entry(annotations);
      else reader.skip();
    });
    return { wrappedKey, keyId, annotations };
  }

  /** Unwraps a data key. @throws UNAVAILABLE; KeyFault when the plugin reports a permanent failure */
  async decrypt(wrapped: WrappedKey, uid: string): Promise<Uint8Array> {
    const request = new ProtoWriter();
    writeMap(request, 4, wrapped.annotations);
    request.bytes(3, wrapped.keyId);
    request.bytes(2, uid);
    request.bytes(1, wrapped.wrappedKey);
    let plaintext: Uint8Array = new Uint8Array(0);
    const reader = new MessageReader(await this.#ask("Decrypt", request.finish()));
    this.#read(reader, (field) => {
      if (field === 1) plaintext = reader.bytes();
      else reader.skip();
    });
    return plaintext;
  }

  #read(reader: MessageReader, take: (field: number) => void): void {
    try {
      for (let field = reader.next(); field !== undefined; field = reader.next()) take(field);
    } catch {
      throw this.#failed("answer", "its answer is not to be read");
    }
  }

  #ask(method: string, message: Uint8Array): Promise<Uint8Array> {
    const { socketPath, timeoutMs, clock } = this.#options;
    return new Promise((resolve, reject) => {
      const session = connectHttp2("http://localhost", { createConnection: () => connectSocket(socketPath) });
      const finish = (settle: () => void): void => {
        timer.cancel();
        session.destroy();
        settle();
      };
      const fail = (reason: string): void => finish(() => reject(this.#failed(method, reason)));
      const timer = clock.setTimer(timeoutMs, () => fail(`no answer within ${timeoutMs} ms`));
      // The system's text about the socket contains none of the sent data.
      session.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? "the connection failed"));
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: "POST",
        [constants.HTTP2_HEADER_PATH]: service + method,
        [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
        [constants.HTTP2_HEADER_TE]: "trailers",
      });
      const chunks: Buffer[] = [];
      let received = 0;
      let code: unknown;
      stream.on("response", (headers) => {
        code = headers["grpc-status"];
      });
      stream.on("trailers", (headers) => {
        code = headers["grpc-status"] ?? code;
      });
      stream.on("data", (chunk: Buffer) => {
        received += chunk.byteLength;
        if (received > answerBytesMax) fail(`its answer is over ${answerBytesMax} bytes`);
        else chunks.push(chunk);
      });
      stream.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? "the stream failed"));
      stream.on("end", () => {
        if (code === "0" && received >= messagePrefixBytes) {
          finish(() => resolve(Buffer.concat(chunks).subarray(messagePrefixBytes)));
        } else if (method === "Decrypt" && lastingCodes.has(String(code))) {
          finish(() => reject(new KeyFault(`key service "${this.name}" does not unwrap its data key`)));
        } else {
          fail(code === undefined ? "it ended without a status" : `gRPC status ${String(code)}`);
        }
      });
      const framed = Buffer.alloc(messagePrefixBytes + message.byteLength);
      framed.writeUInt32BE(message.byteLength, 1);
      framed.set(message, messagePrefixBytes);
      stream.end(framed);
    });
  }

  /** A plugin's error text may quote its input: only the fact of the failure is reported. */
  #failed(method: string, reason: string): StoreError<"UNAVAILABLE"> {
    return new StoreError("UNAVAILABLE", `Cannot ask key service "${this.name}" (${method}): ${reason}`, {
      retryAfterMs: 1000,
      reason: "key service",
    });
  }
}
