/** What a process remembers of namespaces: dropped with the namespace, and never more than a bound. */
import { expect, test } from "vitest";
import { systemRandom } from "../../../src/base/random.ts";
import { systemClock } from "../../../src/base/time/clock.ts";
import { Ledgers } from "../../../src/quota/grants/ledgers.ts";
import { QuotaKeys } from "../../../src/quota/model/quota-keys.ts";
import {
  decodeSpec,
  encodeSpec,
  type NamespaceSpec,
  type QuotaRule,
} from "../../../src/quota/model/quota-spec.ts";
import { SpecCache } from "../../../src/quota/model/spec-cache.ts";
import { KeySpace } from "../../../src/resource/model/keys.ts";
import { noLabelRequirements } from "../../../src/resource/select/label-selector.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";

const quotaKeys = new QuotaKeys(new KeySpace("/registry"));
const open = new AbortController().signal;
/** More namespaces than either keeps. */
const churn = 20_000;

const rule: QuotaRule = {
  name: "default",
  hard: new Map([["count/widgets", 1n]]),
  labelSelector: "",
  generation: "g1",
  state: "active",
  setBy: "",
  unread: 0,
  selection: noLabelRequirements,
};

const specOf = (namespace: string): NamespaceSpec =>
  decodeSpec(namespace, Buffer.from(encodeSpec([rule], "w")), 5n);

test("the quotas of a namespace are known until it is gone, and of a bound of namespaces at a time", async () => {
  await using lab = new MemoryLab();
  const specs = new SpecCache(lab.connect().kv, quotaKeys, open);
  const isKnown = async (namespace: string): Promise<boolean> => {
    const found = specs.get(namespace, {});
    await found;
    return !(found instanceof Promise);
  };
  for (const name of ["a", "b"]) specs.learn(name, undefined);
  specs.forget("a");
  expect([await isKnown("a"), await isKnown("b")]).toEqual([false, true]);
  for (let i = 0; i < churn; i++) specs.learn(`churn-${i}`, undefined);
  expect([await isKnown("b"), await isKnown(`churn-${churn - 1}`)]).toEqual([false, true]);
});

test("the ledgers of a namespace are held until it is gone, and a bound of ledgers at a time", async () => {
  await using lab = new MemoryLab();
  const ledgers = new Ledgers({
    kv: lab.connect().kv,
    clock: systemClock,
    random: systemRandom,
    keys: quotaKeys,
    owner: () => "this",
    ended: open,
  });
  const [a, b] = [specOf("a"), specOf("a-b")];
  const [first, other] = [ledgers.of(a, rule), ledgers.of(b, rule)];
  expect(ledgers.of(a, rule)).toBe(first);
  ledgers.forget("a");
  expect(ledgers.of(a, rule)).not.toBe(first);
  // The one whose name only begins alike stays.
  expect(ledgers.of(b, rule)).toBe(other);
  for (let i = 0; i < churn; i++) ledgers.of(specOf(`churn-${i}`), rule);
  expect(ledgers.of(b, rule)).not.toBe(other);
});
