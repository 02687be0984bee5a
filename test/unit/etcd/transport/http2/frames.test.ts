import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  FrameParser,
  type FrameSink,
  frameBytesMax,
  frameFlag,
  frameType,
  headerBlockBytesMax,
} from "../../../../../src/etcd/transport/http2/frames.ts";
import { MessageAssembler, messagePrefix } from "../../../../../src/etcd/transport/http2/grpc-message.ts";
import { frame } from "../../../../support/peers/scripted-peer.ts";

/** Writes down what the parser hands on; pieces of one DATA frame are joined. */
class Recorder implements FrameSink {
  readonly log: string[] = [];
  flowBytes = 0;
  #data = "";

  onData(streamId: number, part: Buffer, flowBytes: number, endStream: boolean): void {
    this.flowBytes += flowBytes;
    this.#data += part.toString("hex");
    if (endStream) {
      this.log.push(`data ${streamId} ${this.#data}`);
      this.#data = "";
    }
  }
  onHeaders(streamId: number, block: Buffer, endStream: boolean): void {
    this.log.push(`headers ${streamId} ${block.toString("hex")} ${endStream}`);
  }
  onRstStream(streamId: number, code: number): void {
    this.log.push(`rst ${streamId} ${code}`);
  }
  onSettings(entries: readonly (readonly [number, number])[]): void {
    this.log.push(`settings ${JSON.stringify(entries)}`);
  }
  onSettingsAck(): void {
    this.log.push("settings ack");
  }
  onPing(payload: Buffer, ack: boolean): void {
    this.log.push(`ping ${payload.toString("hex")} ${ack}`);
  }
  onGoAway(lastStreamId: number, code: number, text: string): void {
    this.log.push(`goaway ${lastStreamId} ${code} ${text}`);
  }
  onWindowUpdate(streamId: number, increment: number): void {
    this.log.push(`window ${streamId} ${increment}`);
  }
  onProtocolError(code: number): void {
    this.log.push(`error ${code}`);
  }
}

const conversation = Buffer.concat([
  frame(frameType.settings, 0, 0, Buffer.from("000300000064", "hex")),
  frame(frameType.settings, frameFlag.ack, 0),
  frame(frameType.headers, frameFlag.endHeaders, 1, Buffer.from("88", "hex")),
  frame(frameType.data, 0, 1, Buffer.from("aabb", "hex")),
  frame(frameType.data, frameFlag.padded | frameFlag.endStream, 1, Buffer.from("02cc0000", "hex")),
  frame(frameType.headers, 0, 3, Buffer.from("8887", "hex")),
  frame(frameType.continuation, 0, 3, Buffer.from("86", "hex")),
  frame(frameType.continuation, frameFlag.endHeaders, 3, Buffer.from("85", "hex")),
  frame(
    frameType.headers,
    frameFlag.endHeaders | frameFlag.endStream | frameFlag.priority | frameFlag.padded,
    5,
    Buffer.from("01000000000f8800", "hex"),
  ),
  frame(0x77, 0xff, 9, Buffer.from("0102", "hex")),
  frame(frameType.ping, 0, 0, Buffer.from("0102030405060708", "hex")),
  frame(frameType.windowUpdate, 0, 3, Buffer.from("00000010", "hex")),
  frame(frameType.rstStream, 0, 3, Buffer.from("00000008", "hex")),
  frame(frameType.goAway, 0, 0, Buffer.concat([Buffer.from("0000000300000000", "hex"), Buffer.from("bye")])),
]);

const expected = [
  "settings [[3,100]]",
  "settings ack",
  "headers 1 88 false",
  "data 1 aabbcc",
  "headers 3 88878685 false",
  "headers 5 88 true",
  "ping 0102030405060708 false",
  "window 3 16",
  "rst 3 8",
  "goaway 3 0 bye",
];

describe("FrameParser", () => {
  test("cut at every byte, a conversation reads the same, and every DATA byte counts for flow control", () => {
    for (let cut = 0; cut <= conversation.length; cut++) {
      const sink = new Recorder();
      const parser = new FrameParser(sink);
      parser.push(conversation.subarray(0, cut));
      parser.push(conversation.subarray(cut));
      expect(sink.log, `cut at ${cut}`).toEqual(expected);
      expect(sink.flowBytes).toBe(2 + 4);
    }
  });

  test("fed byte by byte, it reads the same", () => {
    const sink = new Recorder();
    const parser = new FrameParser(sink);
    for (const byte of conversation) parser.push(Buffer.of(byte));
    expect(sink.log).toEqual(expected);
  });

  test.each([
    ["a frame above the limit", Buffer.from([0x00, 0x40, 0x01, 0, 0, 0, 0, 0, 1]), "error 6"],
    ["DATA on stream 0", frame(frameType.data, 0, 0, Buffer.of(1)), "error 1"],
    ["HEADERS on stream 0", frame(frameType.headers, frameFlag.endHeaders, 0), "error 1"],
    ["padding longer than DATA", frame(frameType.data, frameFlag.padded, 1, Buffer.of(9, 1)), "error 1"],
    [
      "padding longer than HEADERS",
      frame(frameType.headers, frameFlag.padded, 1, Buffer.of(9, 1)),
      "error 1",
    ],
    ["CONTINUATION alone", frame(frameType.continuation, 0, 1), "error 1"],
    ["PUSH_PROMISE", frame(frameType.pushPromise, 0, 1), "error 1"],
    ["SETTINGS of 5 bytes", frame(frameType.settings, 0, 0, Buffer.alloc(5)), "error 6"],
    ["PING of 7 bytes", frame(frameType.ping, 0, 0, Buffer.alloc(7)), "error 6"],
    ["WINDOW_UPDATE of 3 bytes", frame(frameType.windowUpdate, 0, 0, Buffer.alloc(3)), "error 6"],
    ["RST_STREAM of 5 bytes", frame(frameType.rstStream, 0, 1, Buffer.alloc(5)), "error 6"],
    ["GOAWAY of 7 bytes", frame(frameType.goAway, 0, 0, Buffer.alloc(7)), "error 6"],
  ])("%s ends the connection", (_name, bytes, error) => {
    const sink = new Recorder();
    const parser = new FrameParser(sink);
    parser.push(bytes);
    parser.push(conversation);
    expect(sink.log).toEqual([error]);
  });

  test("another frame inside a header block ends the connection", () => {
    const sink = new Recorder();
    new FrameParser(sink).push(
      Buffer.concat([
        frame(frameType.headers, 0, 1, Buffer.of(0x88)),
        frame(frameType.ping, 0, 0, Buffer.alloc(8)),
      ]),
    );
    expect(sink.log).toEqual(["error 1"]);
  });

  test("endless CONTINUATION frames are stopped at the bound", () => {
    const sink = new Recorder();
    const parser = new FrameParser(sink);
    parser.push(frame(frameType.headers, 0, 1, Buffer.alloc(1_000, 0x88)));
    let frames = 0;
    for (; sink.log.length === 0 && frames < 10_000; frames++)
      parser.push(frame(frameType.continuation, 0, 1, Buffer.alloc(16_000, 0x88)));
    expect(sink.log).toEqual(["error 11"]);
    expect(frames * 16_000).toBeLessThan(2 * headerBlockBytesMax);
    const empty = new Recorder();
    const second = new FrameParser(empty);
    second.push(frame(frameType.headers, 0, 1));
    for (let i = 0; i < 5_000; i++) second.push(frame(frameType.continuation, 0, 1));
    expect(empty.log).toEqual(["error 11"]);
  });

  test("random bytes never throw", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 6 }), (chunks) => {
        const parser = new FrameParser(new Recorder());
        for (const chunk of chunks) parser.push(Buffer.from(chunk));
      }),
      { numRuns: 5_000 },
    );
    expect(frameBytesMax).toBe(16_384);
  });
});

describe("MessageAssembler", () => {
  test("messages of any size, cut anywhere, come out whole and in order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(40), fc.constantFrom(0, 1, 1_048_576, 1_048_577)), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 8 }),
        (sizes, cuts) => {
          const messages = sizes.map((size, index) => Buffer.alloc(size, index + 1));
          const bytes = Buffer.concat(
            messages.flatMap((message) => [messagePrefix(message.length), message]),
          );
          const seen: Uint8Array[] = [];
          const assembler = new MessageAssembler((message) => seen.push(message));
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            // Megabytes byte by byte would only take long.
            const step = Math.max(cuts[turn % cuts.length] ?? 1, Math.floor(bytes.length / 2_000));
            expect(assembler.push(bytes.subarray(at, at + step))).toBeUndefined();
            at += step;
          }
          expect(
            seen.map((message) =>
              Buffer.from(message).equals(messages[seen.indexOf(message)] ?? Buffer.of()),
            ),
          ).toEqual(sizes.map(() => true));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("an absurd length costs no memory, and a compressed message is refused", () => {
    const assembler = new MessageAssembler(() => expect.unreachable());
    const before = process.memoryUsage().arrayBuffers;
    expect(assembler.push(Buffer.from("007fffffff00", "hex"))).toBeUndefined();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    expect(new MessageAssembler(() => {}).push(Buffer.from("00ffffffff", "hex"))).toContain("at most");
    expect(new MessageAssembler(() => {}).push(Buffer.from("0100000000", "hex"))).toContain(
      "compression flag 1",
    );
  });
});
