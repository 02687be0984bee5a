/**
 * Every options object of every entry point, found with the compiler, so that a new one cannot be forgotten: each
 * refuses a name it does not know with the nearest it knows, and each option refuses what is not of its type.
 * INVALID_ARGUMENT names the option, and nothing was done: no request, no stream, no file, no response.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore, isStoreError, withCaches } from "keelson";
import { openRepository } from "keelson/backup";
import type { KmsProvider } from "keelson/codec";
import { campaign, startLocalEtcd } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigMap, configMap } from "../world.ts";
import { beside, callsOf, type Made } from "./calls.ts";
import { notOptions } from "./not-options.ts";
import { type OptionsObject, type PublicOption, publicOptions } from "./public-options.ts";

const passedOver = new Set<string>();
const objects = publicOptions((type, place) => {
  for (const name of [type, place]) {
    if (!Object.hasOwn(notOptions, name)) continue;
    passedOver.add(name);
    return true;
  }
  return false;
});

let made: Made;
let calls: ReturnType<typeof callsOf>;
const open: AsyncDisposable[] = [];
beforeAll(async () => {
  for (const channel of channels) subscribe(channel, onSent);
  const folder = await mkdtemp(join(tmpdir(), "keelson-options-"));
  const repositoryFolder = await mkdtemp(join(tmpdir(), "keelson-options-repository-"));
  const etcd = memoryEtcd();
  const store = await createStore({ etcd, kinds: [ConfigMap], compaction: false });
  const cached = withCaches(await createStore({ etcd, kinds: [ConfigMap], compaction: false }));
  await cached.ready();
  await store.resources(ConfigMap).create(configMap("a"));
  const provider: KmsProvider = {
    name: "p",
    encrypt: () => Promise.reject(new Error("asked")),
    decrypt: () => Promise.reject(new Error("asked")),
    status: () => Promise.reject(new Error("asked")),
  };
  const server = await startLocalEtcd();
  const leadership = await campaign(etcd, "held", "v");
  const lease = await etcd.leases.hold({ ttlSeconds: 600 });
  const repository = await openRepository({ directory: repositoryFolder });
  const watches = [store, cached].map((each) => each.resources(ConfigMap).watch());
  made = {
    etcd,
    watches,
    store,
    cached,
    repository,
    lease,
    leadership,
    server,
    folder,
    provider,
  };
  calls = callsOf(made);
  const remove = async () => {
    for (const each of [folder, repositoryFolder]) await rm(each, { recursive: true, force: true });
  };
  open.push({ [Symbol.asyncDispose]: remove }, server, etcd, store, cached, lease, leadership, ...watches);
});
afterAll(async () => {
  for (const each of open.reverse()) await each[Symbol.asyncDispose]();
  for (const channel of channels) unsubscribe(channel, onSent);
});

test("every options object of the package has a call here, and every call its options object", () => {
  expect(objects.length).toBeGreaterThan(150);
  expect([...new Set(objects.map(({ root }) => root))].sort()).toEqual(Object.keys(calls).sort());
  expect(Object.keys(notOptions).filter((name) => !passedOver.has(name))).toEqual([]);
  expect(Object.keys(beside).filter((place) => !objects.some((object) => object.place === place))).toEqual(
    [],
  );
});

test.each(objects.map((object) => [object.place, object] as const))("%s", async (_place, object) => {
  const { name } = longest(object.options);
  const misspelt = `${name}${name.at(-1)}`;
  const wrong = await taken(object, { [misspelt]: 1 }, misspelt, `did you mean "${name}"`);
  for (const option of object.options) {
    for (const value of wrongValues(option)) {
      wrong.push(...(await taken(object, { [option.name]: value }, option.name)));
    }
  }
  expect(wrong).toEqual([]);
});

/** Names of one letter more than another would be nearer to that one. */
function longest(options: readonly PublicOption[]): PublicOption {
  const [found] = [...options].sort((a, b) => b.name.length - a.name.length);
  if (found === undefined) throw new Error("an options object without options");
  return found;
}

const samples: readonly (readonly [
  PublicOption["shapes"] extends ReadonlySet<infer S> ? S : never,
  unknown,
])[] = [
  ["number", 5],
  ["bigint", 5n],
  ["string", "qqq"],
  ["boolean", true],
  ["function", () => undefined],
  ["array", [5]],
  ["object", { qqqqqq: 5 }],
];

/** None of them is of the option's type, whatever it means. */
function wrongValues({ shapes, texts }: PublicOption): unknown[] {
  return [
    null,
    ...samples.flatMap(([shape, value]) => (shapes.has(shape) ? [] : [value])),
    ...(shapes.has("number") ? [Number.NaN, -1, Number.NEGATIVE_INFINITY] : []),
    ...(texts === undefined ? [] : ["qqq"]),
  ];
}

/** The calls that do not refuse what is given with all the words, or do something. */
async function taken(object: OptionsObject, given: object, ...words: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const call of calls[object.root] ?? []) {
    const { outcome, sent } = await outcomeOf(() => call(within(object, given)));
    const isRefusal = isStoreError(outcome, "INVALID_ARGUMENT") || isHealth(outcome);
    const argument = isStoreError(outcome, "INVALID_ARGUMENT") ? outcome.details.argument : "";
    const text = outcome instanceof Error ? `${argument}: ${outcome.message}` : "";
    if (isRefusal && words.every((word) => text.includes(word)) && sent.length === 0) continue;
    wrong.push(`${show(given)}: ${String(outcome)}; sent: ${sent.join() || "nothing"}`);
  }
  for (const name of await readdir(made.folder)) {
    wrong.push(`${show(given)} left ${name}`);
    await rm(join(made.folder, name), { recursive: true, force: true });
  }
  return wrong;
}

const isHealth = (outcome: unknown): boolean =>
  outcome instanceof Error && "code" in outcome && outcome.code === "INVALID_ARGUMENT";

/** The options of the root, with `given` where the object stands in them. */
function within({ root, path, place }: OptionsObject, given: object): object {
  let value: unknown = { ...beside[place], ...given };
  for (let at = path.length - 1; at >= 0; at--) {
    const step = path[at] ?? "";
    const outer =
      root +
      path
        .slice(0, at)
        .map((each) => (each === "[]" ? "[]" : `.${each}`))
        .join("");
    value =
      step === "[]" ? [value] : { ...(isOperation(step) ? { type: step } : beside[outer]), [step]: value };
  }
  return value as object;
}

/** An operation of a transaction has its type and the one member of that name. */
const isOperation = (step: string): boolean => /^(?:range|put|delete)$/.test(step);

/** What etcd was asked by the call whose context it is. */
const sentBy = new AsyncLocalStorage<string[]>();
const channels = ["keelson:etcd:request", "keelson:etcd:stream"];
const onSent = (message: unknown): void => {
  const { phase, method } = message as { phase: string; method: string };
  sentBy.getStore()?.push(`${phase} ${method}`);
};

/** What became of a call, and what it had etcd do. */
async function outcomeOf(call: () => unknown): Promise<{ outcome: unknown; sent: readonly string[] }> {
  const sent: string[] = [];
  const done = sentBy.run(sent, async () => {
    const result = await call();
    return `taken: ${show(result)}`;
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, 1_000, "no answer");
  });
  const outcome = await Promise.race([done.catch((error: unknown) => error), late]);
  clearTimeout(timer);
  return { outcome, sent };
}

const show = (value: unknown): string => {
  try {
    return (
      JSON.stringify(value, (_, part: unknown) =>
        typeof part === "bigint" || typeof part === "function" || typeof part === "number"
          ? String(part)
          : part,
      )?.slice(0, 200) ?? String(value)
    );
  } catch {
    return String(value);
  }
};
