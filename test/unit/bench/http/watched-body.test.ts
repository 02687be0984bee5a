/** The body of a watch as bench/http counts it: however the bytes are cut, each event is counted once. */
import { describe, expect, test } from "vitest";
import { WatchedBody } from "../../../../bench/http/watched-body.ts";

const event = (version: number): string => `{"type":"MODIFIED","object":{"resourceVersion":"${version}"}}\n`;
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const whole = Buffer.from(`${chunk(event(7))}${chunk(event(8) + event(19))}0\r\n\r\n`);

describe("watched body", () => {
  test("cut anywhere in two, three events are counted, and the end is seen at the end alone", () => {
    for (let cut = 1; cut < whole.length; cut++) {
      const body = new WatchedBody();
      const first = body.take(whole.subarray(0, cut));
      expect(body.hasEnded).toBe(false);
      expect(first + body.take(whole.subarray(cut))).toBe(3);
      expect(body.hasEnded).toBe(true);
      expect(body.lastVersion()).toBe("19");
    }
  });

  test("byte by byte, too", () => {
    const body = new WatchedBody();
    let events = 0;
    for (let at = 0; at < whole.length; at++) {
      expect(body.hasEnded).toBe(false);
      events += body.take(whole.subarray(at, at + 1));
    }
    expect(events).toBe(3);
    expect(body.hasEnded).toBe(true);
  });
});
