/** A watch's ways with streams that fall silent, lie, are refused or cut, on a clock of the test's own. */
import { beforeEach, describe, expect, test } from "vitest";
import { StoreError } from "../../../../src/errors.ts";
import { prefixEnd } from "../../../../src/etcd/ports/prefix-end.ts";
import type { EtcdWatch, KvEvent, Watches } from "../../../../src/etcd/ports/watches.ts";
import { createKv } from "../../../../src/etcd/services/kv.ts";
import { TransportFailure } from "../../../../src/etcd/transport/transport.ts";
import { createWatches } from "../../../../src/etcd/watch/watches.ts";
import { header, message, text } from "../../../../src/etcd/wire/message.ts";
import { decodeWatchMessage, encodeWatchReply, type WatchReply } from "../../../../src/etcd/wire/watch.ts";
import { ScriptedClient, type ScriptedStream } from "../../../support/peers/scripted-client.ts";
import { settled } from "../../../support/time/manual-clock.ts";

const statusReply = message<{ header: WatchReply["header"]; version: string }>({
  header: header(1),
  version: text(2),
});

function reply(revision: bigint, rest: Partial<WatchReply> = {}): Uint8Array {
  return encodeWatchReply({
    header: { clusterId: 1n, memberId: 1n, revision, raftTerm: 1n },
    watchId: 1n,
    created: false,
    canceled: false,
    compactRevision: 0n,
    cancelReason: "",
    fragment: false,
    events: [],
    ...rest,
  });
}

function put(revision: bigint, key = "/a/x"): KvEvent {
  const facts = { createRevision: revision, modRevision: revision, version: 1n, lease: 0n };
  return { type: "put", kv: { key: Buffer.from(key), value: new Uint8Array(1), ...facts } };
}

const kinds = (stream: ScriptedStream): readonly string[] =>
  stream.written.map((sent) => decodeWatchMessage(sent.message).type);

describe("a watch", () => {
  let client: ScriptedClient;
  let watches: Watches;
  beforeEach(() => {
    client = new ScriptedClient();
    client.answer = (path) => {
      if (!path.endsWith("/Status")) throw new Error(`${path} is not part of this test`);
      return statusReply.encode({
        header: { clusterId: 1n, memberId: 1n, revision: 9n, raftTerm: 1n },
        version: "3.5.30",
      });
    };
    watches = createWatches(client, createKv(client));
  });

  /** Opened from now at revision 9, its "created" taken. */
  async function opened(): Promise<{ readonly watch: EtcdWatch; readonly loop: AsyncIterator<unknown> }> {
    const watch = watches.open({ key: "/a/", rangeEnd: prefixEnd("/a/") });
    await settled();
    client.stream(0).say(reply(9n, { created: true }));
    const loop = watch[Symbol.asyncIterator]();
    expect(await loop.next()).toMatchObject({ value: { type: "created", revision: 9n } });
    return { watch, loop };
  }

  test("that hears nothing for 30 s asks, and after 5 s more goes to another endpoint from where it was", async () => {
    const { loop } = await opened();
    const next = loop.next();
    await client.clock.advance(29_999);
    expect(kinds(client.stream(0))).toEqual(["create"]);
    await client.clock.advance(2);
    expect(kinds(client.stream(0))).toEqual(["create", "progress"]);
    await client.clock.advance(5_000);
    expect(client.stream(0).reportedUnhealthy).toBeDefined();
    expect(client.stream(1).endpoint).not.toBe(client.stream(0).endpoint);
    const created = decodeWatchMessage(client.stream(1).written[0]?.message ?? new Uint8Array(0));
    expect(created).toMatchObject({ type: "create", create: { startRevision: 10n, fragment: true } });
    client.stream(1).say(reply(9n, { created: true }));
    expect(await next).toMatchObject({ value: { type: "created" } });
  });

  test("that is answered stays where it is, however quiet", async () => {
    const { loop } = await opened();
    for (let i = 0; i < 5; i++) {
      const next = loop.next();
      await client.clock.advance(30_001);
      client.stream(0).say(reply(20n + BigInt(i), { watchId: -1n }));
      expect(await next).toMatchObject({ value: { type: "progress", revision: 20n + BigInt(i) } });
    }
    expect(client.streams.length).toBe(1);
  });

  test.each([
    { what: "an event outside its range", lie: reply(11n, { events: [put(10n, "/b")] }) },
    { what: "an event before its start", lie: reply(11n, { events: [put(9n)] }) },
    { what: "a message that is none", lie: new Uint8Array([0xff, 0xff]) },
  ])("that is sent $what counts a fault and opens another stream", async ({ lie }) => {
    const { loop } = await opened();
    const next = loop.next();
    client.stream(0).say(lie);
    await settled();
    expect(watches.stats().faults).toBe(1);
    client.stream(1).say(reply(9n, { created: true }));
    expect(await next).toMatchObject({ value: { type: "created", revision: 9n } });
  });

  test("whose stream is cut resumes after its last whole revision and drops what it has seen", async () => {
    const { loop } = await opened();
    client.stream(0).say(reply(50n, { events: [put(10n), put(11n), put(12n)], fragment: true }));
    expect(await loop.next()).toMatchObject({ value: { type: "events", revision: 11n } });
    const next = loop.next();
    client.stream(0).say(
      new TransportFailure({
        code: 14,
        text: "cut",
        request: "sent",
        fromServer: false,
        endpoint: "http://127.0.0.1:1",
      }),
    );
    await settled();
    const again = decodeWatchMessage(client.stream(1).written[0]?.message ?? new Uint8Array(0));
    expect(again).toMatchObject({ create: { startRevision: 12n } });
    client.stream(1).say(reply(11n, { created: true }));
    expect(await next).toMatchObject({ value: { type: "created" } });
    client.stream(1).say(reply(50n, { events: [put(12n), put(12n, "/a/y")] }));
    expect(await loop.next()).toMatchObject({ value: { type: "events", events: [{}, {}], revision: 12n } });
    expect(watches.stats()).toMatchObject({ reconnects: 1, duplicates: 0, events: 4 });
  });

  test("whose token is refused again and again fetches another one each time, until the password is refused", async () => {
    const { loop } = await opened();
    const next = loop.next();
    const refused = reply(9n, {
      created: true,
      canceled: true,
      cancelReason: "rpc error: invalid auth token",
    });
    client.stream(0).say(refused);
    for (let i = 1; i < 20; i++) {
      await settled();
      await client.clock.advance(2000);
      if (i === 19) client.refreshFailure = new StoreError("UNAUTHENTICATED", "wrong password", {});
      client.stream(-1).say(refused);
    }
    await expect(next).rejects.toMatchObject({ code: "UNAUTHENTICATED", message: "wrong password" });
    expect(client.refreshes).toBe(20);
  });

  test("of a client without a password ends UNAUTHENTICATED when it is refused for want of one", async () => {
    client.authenticates = false;
    const { loop } = await opened();
    const next = loop.next();
    const refused = reply(9n, { created: true, canceled: true, cancelReason: "auth: user name is empty" });
    client.stream(0).say(refused);
    for (let i = 1; i < 5; i++) {
      await settled();
      await client.clock.advance(2000);
      client.stream(-1).say(refused);
    }
    await expect(next).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test.each([
    { reply: { compactRevision: 7n }, code: "EXPIRED", details: { compacted: "7" } },
    { reply: { cancelReason: "etcdserver: permission denied" }, code: "PERMISSION_DENIED", details: {} },
  ])("that etcd cancels ends $code", async ({ reply: rest, code, details }) => {
    const { loop } = await opened();
    const next = loop.next();
    client.stream(0).say(reply(0n, { canceled: true, ...rest }));
    await expect(next).rejects.toMatchObject({ code, details });
    expect(watches.stats().open).toBe(0);
    expect(client.stream(0).over).toBe(true);
  });

  test("notices a restore between two streams", async () => {
    const { loop } = await opened();
    const next = loop.next();
    client.restore();
    client.stream(0).cancel();
    await expect(next).rejects.toMatchObject({ code: "EXPIRED", details: { reason: "restored" } });
  });

  test("ends CLOSED with its client, and without an error when it is left", async () => {
    const { loop } = await opened();
    const next = loop.next();
    client.closing.abort(new StoreError("CLOSED", "closed", { what: "etcd client" }));
    client.stream(0).cancel();
    await expect(next).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("leaves no timer behind", async () => {
    const { loop } = await opened();
    const next = loop.next();
    await settled();
    await loop.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(client.clock.pending).toBe(0);
  });
});
