import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemRandom } from "../../../../src/base/random.ts";
import { KmsCipher } from "../../../../src/kubernetes/encryption/kms-cipher.ts";
import { KmsPlugin } from "../../../../src/kubernetes/encryption/kms-plugin.ts";
import { startKmsPlugin, type TestKmsPlugin } from "../../../support/peers/kms-plugin.ts";
import { ManualClock } from "../../../support/time/manual-clock.ts";

let plugin: TestKmsPlugin;
let clock: ManualClock;
beforeEach(async () => {
  plugin = await startKmsPlugin();
  clock = new ManualClock();
});
afterEach(() => plugin[Symbol.asyncDispose]());

const cipherOf = (socketPath = plugin.socketPath): KmsCipher =>
  new KmsCipher(new KmsPlugin({ name: "flip", socketPath, timeoutMs: 3000, clock }), clock, systemRandom);
const value = new Uint8Array(Buffer.from("value"));

describe("a key service", () => {
  test("is asked once per seed, by writes and by reads", async () => {
    const writer = cipherOf();
    const stored = await Promise.all(["/a", "/b", "/c"].map(async (key) => writer.encrypt(key, value)));
    expect(plugin.requests).toEqual({ status: 1, encrypt: 1, decrypt: 0 });
    const reader = cipherOf();
    const [a, b] = await Promise.all([
      reader.decrypt("/a", stored[0] ?? value),
      reader.decrypt("/b", stored[1] ?? value),
    ]);
    expect([a, b]).toEqual([value, value]);
    expect(await reader.decrypt("/c", stored[2] ?? value)).toEqual(value);
    expect(plugin.requests.decrypt).toBe(1);
  });

  test("that names another key gets a new seed, and older values are stale", async () => {
    const cipher = cipherOf();
    const old = await cipher.encrypt("/a", value);
    plugin.keyId = "kek-2";
    await clock.advance(200_000);
    const fresh = await cipher.encrypt("/a", value);
    expect(plugin.requests.encrypt).toBe(2);
    expect([cipher.isCurrent(old), cipher.isCurrent(fresh)]).toEqual([false, true]);
    expect(await cipher.decrypt("/a", old)).toEqual(value);
  });

  test("that is not well stops writes after three minutes, and reads go on", async () => {
    const cipher = cipherOf();
    const stored = await cipher.encrypt("/a", value);
    plugin.health = "on fire";
    await clock.advance(100_000);
    await cipher.encrypt("/a", value);
    await clock.advance(100_000);
    await expect((async () => cipher.encrypt("/a", value))()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await cipher.decrypt("/a", stored)).toEqual(value);
  });

  test("that is not there makes UNAVAILABLE, not corruption; one that has lost its key a KeyFault", async () => {
    const stored = await cipherOf().encrypt("/a", value);
    const nobody = cipherOf("/nowhere/plugin.sock");
    await expect((async () => nobody.decrypt("/a", stored))()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    plugin.gone.add("kek-1");
    await expect((async () => cipherOf().decrypt("/a", stored))()).rejects.toMatchObject({
      name: "KeyFault",
    });
  });
});
