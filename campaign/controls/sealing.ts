/**
 * N12: values are encrypted without additional authenticated data, so a ciphertext moved to another key opens there. The
 * ciphers of this process lose `setAAD` during the play; nothing else in this process encrypts during it.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { aesGcm } from "keelson/codec";
import type { Control } from "./control.ts";
import { Doc, docsPrefix, Lab, type ReadStored } from "./lab.ts";
import { RecordedDocs } from "./recorded-docs.ts";

/** The log's value id of a moved value: no write produced it. */
const moved = "moved";

function dropAad(): Disposable {
  const key = new Uint8Array(32);
  const nonce = new Uint8Array(12);
  const restores = [createCipheriv, createDecipheriv].map((create) => {
    const prototype: object = Object.getPrototypeOf(create("aes-256-gcm", key, nonce));
    const own = Object.getOwnPropertyDescriptor(prototype, "setAAD");
    if (own === undefined) throw new Error("this Node keeps setAAD elsewhere");
    Object.defineProperty(prototype, "setAAD", {
      ...own,
      value(this: unknown) {
        return this;
      },
    });
    return () => Object.defineProperty(prototype, "setAAD", own);
  });
  return {
    [Symbol.dispose]: () => {
      for (const restore of restores) restore();
    },
  };
}

export const droppedAad: Control = {
  name: "N12",
  sabotage: "encryption does not bind a value to its key",
  caughtBy: ["C1"],
  rules: ["phantom read"],
  duration: "short",
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    const keys = [{ id: "one", key: new Uint8Array(32).fill(7) }];
    const store = await lab.store(lab.etcd, { transforms: { "*": aesGcm({ keys }) } });
    const docs = new RecordedDocs(lab, "client", store.resources(Doc));
    using _ = sabotaged ? dropAad() : undefined;
    await docs.create("x", "v-x");
    await docs.create("y", "v-y");
    const [from, to] = [`${docsPrefix}a/x`, `${docsPrefix}a/y`];
    const { kvs } = await lab.etcd.kv.range({ key: from });
    const value = kvs[0]?.value ?? "";
    const callNs = lab.now();
    const { header } = await lab.etcd.kv.put({ key: to, value });
    lab.sink.write({
      line: "call",
      id: "intruder",
      process: "control",
      client: "intruder",
      op: "update",
      via: "etcd",
      key: to,
      value: moved,
      callNs,
      returnNs: lab.now(),
      code: "OK",
      class: "ok",
      revision: header.revision,
    });
    await docs.get("y");
    const written = new Map([
      [from, "v-x"],
      [to, "v-y"],
    ]);
    const read: ReadStored = async (key, stored) => ({
      value: key === to && Buffer.compare(stored, Buffer.from(value)) === 0 ? moved : written.get(key),
    });
    await lab.recordTruth(docsPrefix, read);
    return { history: lab.history() };
  },
};
