import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { jsonCodec, msgpackCodec } from "../../../src/codec/form/codec.ts";
import { aesGcm } from "../../../src/codec/sealing/aes-gcm.ts";
import { fileKmsProvider } from "../../../src/codec/sealing/file-kms-provider.ts";
import { type KmsProvider, kmsEnvelope } from "../../../src/codec/sealing/kms-envelope.ts";
import type { Transform } from "../../../src/codec/sealing/transform.ts";
import { createValueCodec, type KindValueCodec } from "../../../src/codec/value-codec.ts";
import { sealedUnder } from "../../../src/codec/value-dependencies.ts";
import type { AnyResource } from "../../../src/resource/model/resource.ts";
import { key, pod, podKind, writeId } from "./objects.ts";

const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const one = { id: "one", key: keyOf(1) };
const two = { id: "two", key: keyOf(2) };
const codec = msgpackCodec();
const codecFor = (transform?: Transform): KindValueCodec =>
  createValueCodec({ kind: podKind, codec, transform });
const seal = async (values: KindValueCodec, object: AnyResource = pod(), at = key): Promise<Uint8Array> =>
  values.seal({ key: at, object, head: podKind.headOf(object), writeId });
const corrupt = (reason: RegExp) => ({
  code: "CORRUPT_OBJECT",
  details: { reason: expect.stringMatching(reason), key: expect.any(String) },
});

const canary = "CANARY-9f2e";
const secret = (): AnyResource => {
  const object = pod();
  object.metadata.labels = { [`${canary}-label`]: `${canary}-value` };
  object.metadata.annotations = { note: `${canary}-note` };
  object["spec"] = { nodeName: `${canary}-node`, data: { password: canary } };
  return object;
};

describe.each<[string, () => Promise<Transform>]>([
  ["aesGcm", async () => aesGcm({ keys: [one] })],
  ["kmsEnvelope", async () => kmsEnvelope({ provider: memoryKms() })],
])("a codec with %s", (_, make) => {
  it("gives object, head and write id back", async () => {
    const values = codecFor(await make());
    const stored = await seal(values);
    const value = await values.open(key, stored);
    const { resourceVersion: __, ...metadata } = pod().metadata;
    expect(values.object(value)).toEqual({ ...pod(), metadata });
    expect(values.head(value).fields).toEqual(podKind.headOf(pod()).fields);
    expect(values.writeId(value)).toBe(Buffer.from(writeId).toString("hex"));
    expect(value.storedBytes).toBe(stored.byteLength);
    expect(value.stale).toBe(false);
  });

  it("opens the metadata segment alone when only that is wanted", async () => {
    const values = codecFor(await make());
    const stored = await seal(values);
    stored[stored.byteLength - 1] = (stored[stored.byteLength - 1] ?? 0) ^ 1;
    const value = await values.open(key, stored, { part: "head" });
    expect(values.head(value).metadata.labels).toEqual(pod().metadata.labels);
    expect(values.writeId(value)).toBe(Buffer.from(writeId).toString("hex"));
    expect(() => values.object(value)).toThrow(/body does not prove genuine/);
    await expect(async () => values.open(key, stored)).rejects.toMatchObject(corrupt(/body/));
  });

  it("shows nothing of the object in the stored bytes", async () => {
    const values = codecFor(await make());
    const text = Buffer.from(await seal(values, secret())).toString("latin1");
    for (const clear of [canary, "nodeName", "Pod", "default", "web-7d4b9c6f5"])
      expect(text).not.toContain(clear);
  });

  it("S25: refuses every flipped byte and every cut", async () => {
    const values = codecFor(await make());
    const stored = await seal(values);
    await values.open(key, stored);
    for (let i = 0; i < stored.byteLength; i++) {
      const flipped = Uint8Array.from(stored);
      flipped[i] = (flipped[i] ?? 0) ^ 0x10;
      await expect(async () => values.open(key, flipped), `byte ${i}`).rejects.toMatchObject({
        code: "CORRUPT_OBJECT",
      });
      await expect(async () => values.open(key, stored.subarray(0, i)), `cut ${i}`).rejects.toMatchObject({
        code: "CORRUPT_OBJECT",
      });
    }
  });

  it("S22: refuses a value moved to another key or namespace", async () => {
    const values = codecFor(await make());
    const stored = await seal(values);
    await expect(async () => values.open(key.replace("default", "other"), stored)).rejects.toMatchObject(
      corrupt(/genuine under key/),
    );
  });

  it("refuses head and body of two values put together", async () => {
    const values = codecFor(await make());
    const [a, b] = [await seal(values, pod("a-1")), await seal(values, pod("a-2"))];
    expect(a.byteLength).toBe(b.byteLength);
    const mixed = Uint8Array.from(a);
    mixed.set(b.subarray(b.byteLength - 40), a.byteLength - 40);
    await expect(async () => values.open(key, mixed)).rejects.toMatchObject(corrupt(/body/));
  });

  it("never seals the same value the same way", async () => {
    const values = codecFor(await make());
    expect(await seal(values)).not.toEqual(await seal(values));
  });

  it("S24: refuses plaintext where a sealed value is expected, takes it for a rewrite, and counts that", async () => {
    const stored = await seal(codecFor());
    const raw = await createValueCodec({ kind: podKind, codec: jsonCodec({ raw: true }) }).seal({
      key,
      object: pod(),
      head: podKind.headOf(pod()),
      writeId,
    });
    const values = codecFor(await make());
    for (const plain of [stored, raw]) {
      await expect(async () => values.open(key, plain)).rejects.toMatchObject(corrupt(/not encrypted/));
      const value = await values.open(key, plain, { plaintext: "accept" });
      expect(value.stale).toBe(true);
      expect(values.object(value)["spec"]).toEqual(pod()["spec"]);
    }
    expect(values.stats().plaintextRead).toBe(2);
  });

  it("is CORRUPT_OBJECT without the transform, naming the key id and nothing else", async () => {
    const stored = await seal(codecFor(await make()), secret());
    await expect(async () => codecFor().open(key, stored)).rejects.toMatchObject(
      corrupt(/no transform is configured/),
    );
    expect(sealedUnder(stored)).toMatch(/one|kms-1/);
  });
});

describe("aesGcm()", () => {
  it("reads with all keys, writes with the first, and calls the others' values stale", async () => {
    const old = await seal(codecFor(aesGcm({ keys: [one] })));
    const values = codecFor(aesGcm({ keys: [two, one] }));
    expect((await values.open(key, old)).stale).toBe(true);
    const rewritten = await seal(values);
    expect([sealedUnder(old), sealedUnder(rewritten)]).toEqual(["one", "two"]);
    expect((await values.open(key, rewritten)).stale).toBe(false);
    await expect(async () => codecFor(aesGcm({ keys: [two] })).open(key, old)).rejects.toMatchObject(
      corrupt(/key "one", which is not among/),
    );
  });

  it("refuses a value under the same id and other key material", async () => {
    const stored = await seal(codecFor(aesGcm({ keys: [one] })));
    await expect(async () =>
      codecFor(aesGcm({ keys: [{ id: "one", key: keyOf(9) }] })).open(key, stored),
    ).rejects.toMatchObject(corrupt(/genuine/));
  });

  it('reads plaintext as stale in mode "migrate", and sealed values as stale in mode "unseal"', async () => {
    const migrating = codecFor(aesGcm({ keys: [one], mode: "migrate" }));
    expect((await migrating.open(key, await seal(codecFor()))).stale).toBe(true);
    expect(migrating.stats().plaintextRead).toBe(1);
    const unsealing = codecFor(aesGcm({ keys: [one], mode: "unseal" }));
    const sealed = await seal(codecFor(aesGcm({ keys: [one] })));
    expect((await unsealing.open(key, sealed)).stale).toBe(true);
    const plain = await seal(unsealing);
    expect(sealedUnder(plain)).toBeUndefined();
    expect((await unsealing.open(key, plain)).stale).toBe(false);
  });

  it("S26: derives a new working key after 65,536 values, and no nonce comes twice under one", async () => {
    const transform = aesGcm({ keys: [one] });
    const salts = new Set<string>();
    for (let i = 0; i < 2 ** 16 + 1; i++)
      salts.add(Buffer.from((await transform.sealingKey()).wrapping).toString("hex"));
    expect(salts.size).toBe(2);
    const values = codecFor(transform);
    const nonces = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const stored = await seal(values);
      nonces.add(Buffer.from(stored.subarray(6 + 2 + 3 + 2 + 32, 6 + 2 + 3 + 2 + 32 + 12)).toString("hex"));
    }
    expect(nonces.size).toBe(2000);
  });

  it.each<[string, { id: string; key: Uint8Array }[]]>([
    ["no keys", []],
    ["a short key", [{ id: "a", key: new Uint8Array(16) }]],
    ["an empty id", [{ id: "", key: keyOf(1) }]],
    ["an id twice", [one, one]],
    ["an id that is no text for UTF-8", [{ id: "a\ud800", key: keyOf(1) }]],
  ])("refuses %s", (_, keys) => {
    expect(() => aesGcm({ keys })).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("S33: shows no key material when inspected, logged or turned into JSON", async () => {
    const material = Buffer.from("0123456789abcdefKEYMATERIALxyz!!");
    const transform = aesGcm({ keys: [{ id: "k", key: material }] });
    const values = codecFor(transform);
    await values.open(key, await seal(values, secret()));
    const shown = [transform, values, await transform.sealingKey()].flatMap((thing) => [
      inspect(thing, { depth: 20, showHidden: true }),
      JSON.stringify(thing),
    ]);
    for (const text of [...shown, JSON.stringify(transform.stats())]) {
      expect(text).not.toContain("KEYMATERIAL");
      expect(text).not.toContain(material.toString("hex").slice(8, 24));
      expect(text).not.toContain(canary);
    }
  });
});

/** A key service in memory that can be down, slow, or rotate. */
function memoryKms(): KmsProvider & { failures: number; rotate(): void; calls: number } {
  let current = 1;
  const wrapped = new Map<string, Uint8Array>();
  const service = {
    name: "memory",
    failures: 0,
    calls: 0,
    async encrypt(plaintext: Uint8Array) {
      service.answer();
      const ciphertext = new Uint8Array(16).map((_, i) => (wrapped.size * 31 + i) & 0xff);
      wrapped.set(Buffer.from(ciphertext).toString("hex"), Uint8Array.from(plaintext));
      return { ciphertext, keyId: `kms-${current}` };
    },
    async decrypt(ciphertext: Uint8Array, { keyId }: { keyId: string }) {
      service.answer();
      return keyId.startsWith("kms-") ? wrapped.get(Buffer.from(ciphertext).toString("hex")) : undefined;
    },
    async status() {
      service.answer();
      return { healthy: true, keyId: `kms-${current}` };
    },
    rotate() {
      current++;
    },
    answer() {
      service.calls++;
      if (service.failures-- > 0) throw new Error(`refused, was given ${canary}`);
    },
  };
  return service;
}

describe("kmsEnvelope()", () => {
  it("asks the service once for many values, written and read", async () => {
    const provider = memoryKms();
    const transform = kmsEnvelope({ provider });
    const values = codecFor(transform);
    const stored = await Promise.all(Array.from({ length: 50 }, (_, i) => seal(values, pod(`p-${i}`))));
    const reader = codecFor(kmsEnvelope({ provider }));
    await Promise.all(stored.map((bytes) => reader.open(key, bytes)));
    expect(transform.stats()).toMatchObject({ sealed: 50, wrapped: 1 });
    // Wrapping, unwrapping, and each transform's own question for the current key.
    expect(provider.calls).toBe(4);
    expect(reader.open(key, stored[0] ?? new Uint8Array())).not.toBeInstanceOf(Promise);
  });

  it("writes under the new key once the service rotated, and calls old values stale", async () => {
    const provider = memoryKms();
    const transform = kmsEnvelope({ provider });
    const values = codecFor(transform);
    const old = await seal(values);
    provider.rotate();
    expect(await transform.health()).toEqual({ ok: true, keyId: "kms-2", problem: undefined });
    expect((await values.open(key, old)).stale).toBe(true);
    expect(sealedUnder(await seal(values))).toBe("kms-2");
  });

  it("retries, then is UNAVAILABLE without a word of what the service said", async () => {
    const provider = memoryKms();
    provider.failures = 2;
    await seal(codecFor(kmsEnvelope({ provider })));
    provider.failures = 1000;
    const failing = kmsEnvelope({ provider, attempts: 2 });
    await expect(seal(codecFor(failing))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.not.stringContaining(canary),
    });
    expect(await failing.health()).toMatchObject({ ok: false, problem: expect.not.stringContaining(canary) });
  });

  it("gives up on a service that does not answer", async () => {
    const provider = { ...memoryKms(), encrypt: () => new Promise<never>(() => {}) };
    await expect(
      seal(codecFor(kmsEnvelope({ provider, requestTimeoutMs: 20, attempts: 2 }))),
    ).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("no answer within 20 ms"),
    });
  });

  it("is CORRUPT_OBJECT when the service does not know the wrapped key", async () => {
    const stored = await seal(codecFor(kmsEnvelope({ provider: memoryKms() })));
    await expect(async () =>
      codecFor(kmsEnvelope({ provider: memoryKms() })).open(key, stored),
    ).rejects.toMatchObject(corrupt(/does not unwrap/));
  });
});

describe("fileKmsProvider()", () => {
  const directories: string[] = [];
  afterEach(async () => {
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
  });
  const path = async (): Promise<string> => {
    const directory = await mkdtemp(join(tmpdir(), "keelson-kms-"));
    directories.push(directory);
    return join(directory, "keys.json");
  };

  it("keeps its keys over restarts and rotations, in a file of the owner's own", async () => {
    const file = await path();
    const provider = await fileKmsProvider({ path: file });
    const old = await seal(codecFor(kmsEnvelope({ provider })));
    const rotated = await provider.rotate();
    const again = codecFor(kmsEnvelope({ provider: await fileKmsProvider({ path: file }) }));
    const fresh = await seal(again);
    expect(sealedUnder(fresh)).toBe(rotated);
    expect((await again.open(key, old)).stale).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(inspect(provider, { depth: 9 })).not.toContain(
      JSON.parse(await readFile(file, "utf8")).keys[0].key,
    );
  });

  it("refuses a file that holds no keys", async () => {
    const file = await path();
    const provider = await fileKmsProvider({ path: file });
    await expect(fileKmsProvider({ path: join(file, "below") })).rejects.toThrow();
    expect(provider.name).toBe("file");
    for (const text of ["", "{}", '{"keys":[]}', '{"keys":[{"id":"a","key":"AA=="}]}']) {
      const { writeFile } = await import("node:fs/promises");
      await writeFile(file, text);
      await expect(fileKmsProvider({ path: file })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });
});
