/**
 * A real etcd under tests: the one place that starts it, gives a client and a store over it, and stops all of them, the
 * last opened first.
 *
 *   const lab = etcdForAll({ binary });                 for the tests of a file or a `describe`, by its hooks
 *   const lab = storeForAll({ binary }, { kinds });
 *   await using lab = await startEtcd({ extraArgs });   for one test
 *
 * A test uses `lab.etcd` (the client), `lab.local` (the process: it may kill, pause and restart it) and `lab.store`. What
 * is known only once the tests run, such as a certificate's file, is given by a function.
 */
import { createStore, type Store, type StoreOptions } from "keelson";
import { type EtcdOptions, type LocalEtcd, type LocalEtcdOptions, startLocalEtcd } from "keelson/etcd";
import { afterEach, beforeEach } from "vitest";
import type { Etcd } from "../../../src/etcd/ports/etcd.ts";
import { forAll } from "../for-all.ts";
import { connect } from "./etcd-cases.ts";

export interface EtcdProcess {
  readonly local: LocalEtcd;
}
/** A process with a client of it. */
export interface EtcdLab extends EtcdProcess {
  readonly etcd: Etcd;
}
export interface StoreLab extends EtcdLab {
  readonly store: Store;
}

export interface EtcdLabOptions extends LocalEtcdOptions {
  /** How the client is opened; it is patient in any case but for what stands here. */
  readonly client?: Partial<EtcdOptions>;
}
/** Compaction is off unless the options say otherwise. */
export type StoreLabOptions = Omit<StoreOptions, "etcd">;

/** Given now, or by a function when the tests begin. */
type Given<T> = T | (() => T | Promise<T>);

/** An etcd without a client, for all tests of a file or a `describe`. */
export function processForAll(options: Given<LocalEtcdOptions> = {}): EtcdProcess {
  const local = forAll(async () => startLocalEtcd(await given(options)));
  return {
    get local() {
      return local();
    },
  };
}

/** An etcd and a client of it, for all tests of a file or a `describe`. */
export function etcdForAll(options: Given<EtcdLabOptions> = {}): EtcdLab {
  const lab = forAll(async () => startEtcd(await given(options)));
  return {
    get local() {
      return lab().local;
    },
    get etcd() {
      return lab().etcd;
    },
  };
}

/** An etcd, a client of it and a store, for all tests of a file or a `describe`. */
export function storeForAll(options: Given<EtcdLabOptions>, store: Given<StoreLabOptions>): StoreLab {
  const lab = forAll(async () => startStore(await given(options), await given(store)));
  return {
    get local() {
      return lab().local;
    },
    get etcd() {
      return lab().etcd;
    },
    get store() {
      return lab().store;
    },
  };
}

/** A store over `lab`, below a prefix of its own, for each test of a file or a `describe`. */
export function storeForEach(
  lab: EtcdLab,
  options: StoreLabOptions,
): { readonly store: Store; readonly prefix: string } {
  let opened: Store | undefined;
  let tests = 0;
  const prefix = (): string => `/test-${tests}`;
  beforeEach(async () => {
    tests++;
    opened = await createStore({ etcd: lab.etcd, prefix: prefix(), compaction: false, ...options });
  });
  afterEach(() => opened?.close());
  return {
    get store() {
      if (opened === undefined) throw new Error("it is open while a test runs");
      return opened;
    },
    get prefix() {
      return prefix();
    },
  };
}

/** An etcd and a client of it, until disposed. */
export async function startEtcd(options: EtcdLabOptions = {}): Promise<EtcdLab & AsyncDisposable> {
  const { client, ...process } = options;
  const local = await startLocalEtcd(process);
  const etcd = await orStop(local, connect(local.endpoints, client));
  return { local, etcd, [Symbol.asyncDispose]: () => closeAll([etcd, local]) };
}

/** An etcd, a client of it and a store, until disposed. */
export async function startStore(
  options: EtcdLabOptions,
  store: StoreLabOptions,
): Promise<StoreLab & AsyncDisposable> {
  const lab = await startEtcd(options);
  const opened = await orStop(lab, createStore({ etcd: lab.etcd, compaction: false, ...store }));
  return {
    local: lab.local,
    etcd: lab.etcd,
    store: opened,
    [Symbol.asyncDispose]: () => closeAll([opened, lab]),
  };
}

/** What `opening` opens; when it fails, what it is opened over is closed. */
async function orStop<T>(below: AsyncDisposable, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    await below[Symbol.asyncDispose]();
    throw error;
  }
}

/** One after the other; a failure of one, such as a process that a test has killed, leaves none of the others open. */
async function closeAll(all: readonly AsyncDisposable[]): Promise<void> {
  const [first, ...rest] = all;
  if (first === undefined) return;
  try {
    await first[Symbol.asyncDispose]();
  } finally {
    await closeAll(rest);
  }
}

function given<T extends object>(options: Given<T>): T | Promise<T> {
  return typeof options === "function" ? options() : options;
}
