/** What a process knows of a ledger is brought up to date by looks that may overtake each other, and be overtaken by a restore. */
import { expect, test } from "vitest";
import { LedgerView } from "../../../../src/quota/grants/ledger-view.ts";
import { QuotaKeys } from "../../../../src/quota/model/quota-keys.ts";
import { KeySpace } from "../../../../src/resource/model/keys.ts";
import { MemoryLab } from "../../../support/etcd/memory-lab.ts";

const keys = new QuotaKeys(new KeySpace("/registry"));
const ledgerKeys = keys.ledger("default", "default", "aa");
const unit = 1_000_000_000n;

interface Held {
  /** Called when the server has answered. */
  readonly answered: () => void;
  readonly released: Promise<void>;
}

/** A ledger of two slots with a use of 3 each, known to a view of which one answer may be held back. */
async function world(lab: MemoryLab) {
  let next: Held | undefined;
  const etcd = lab.connect({
    async answer(method, request, server) {
      const answer = server.call(method, request);
      if (method !== "/etcdserverpb.KV/Txn" || next === undefined) return answer;
      const { answered, released } = next;
      next = undefined;
      answered();
      await released;
      return answer;
    },
  });
  const slot = (id: string, used: number): void => {
    const value = JSON.stringify({ used: { slots: String(used) }, room: {}, grantedAt: "0" });
    lab.server.mvcc.put({ key: ledgerKeys.slot(id), value });
  };
  lab.server.mvcc.put({ key: ledgerKeys.base, value: "{}" });
  slot("p-0", 3);
  slot("q-0", 3);
  const view = new LedgerView({ kv: etcd.kv, keys, ledgerKeys, specKey: keys.spec("default") });
  const used = async (): Promise<bigint> => {
    const look = await view.look(0n, false, {});
    return (look?.ledger.used.get("slots") ?? 0n) / unit;
  };
  expect(await used()).toBe(6n);
  /** A look whose answer the server has given, and which gets it when `release` is called. */
  const heldLook = async (): Promise<{ readonly look: Promise<bigint>; readonly release: () => void }> => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let look: Promise<bigint> | undefined;
    await new Promise<void>((resolve) => {
      next = { answered: resolve, released };
      look = used();
    });
    return { look: look ?? used(), release };
  };
  return { view, used, slot, heldLook };
}

test("a look that was answered before the history was replaced does not stand for what is there after it", async () => {
  await using lab = new MemoryLab();
  const { view, used, slot, heldLook } = await world(lab);
  slot("p-0", 4);
  const { look, release } = await heldLook();
  view.forget();
  release();
  expect(await look).toBe(7n);
  expect(await used()).toBe(7n);
});

test("of two looks side by side the later answer holds", async () => {
  await using lab = new MemoryLab();
  const { used, slot, heldLook } = await world(lab);
  slot("p-0", 4);
  const { look, release } = await heldLook();
  slot("p-0", 5);
  slot("q-0", 10);
  expect(await used()).toBe(15n);
  release();
  expect(await look).toBe(15n);
  expect(await used()).toBe(15n);
});
