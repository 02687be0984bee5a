import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wrappedUnder } from "../../../../src/codec/form/wrapped-value.ts";
import {
  isWrapping,
  type Transform,
  transformFor,
  type WrappingTransform,
} from "../../../../src/codec/sealing/transform.ts";
import { isStoreError } from "../../../../src/errors.ts";
import { encryptionConfiguration } from "../../../../src/kubernetes/encryption/encryption-configuration.ts";
import { startKmsPlugin, type TestKmsPlugin } from "../../../support/peers/kms-plugin.ts";

const fixture: {
  configuration: string;
  values: readonly { resource: string; key: string; plain: string; stored: string }[];
} = JSON.parse(
  await readFile(new URL("../../../fixtures/kubernetes/encryption.json", import.meta.url), "utf8"),
);

let plugin: TestKmsPlugin;
beforeAll(async () => {
  plugin = await startKmsPlugin();
});
afterAll(() => plugin[Symbol.asyncDispose]());

const configured = (): Promise<Readonly<Record<string, Transform>>> =>
  encryptionConfiguration(fixture.configuration.replace("/SOCKET", plugin.socketPath));

function transformOf(transforms: Readonly<Record<string, Transform>>, resource: string): WrappingTransform {
  const [, group = ""] = /^[^.]+\.(.*)$/.exec(resource) ?? [];
  const transform = transformFor(transforms, { resource, group });
  if (transform === undefined || !isWrapping(transform)) throw new Error(`no transform for ${resource}`);
  return transform;
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

describe("values that kube-apiserver has encrypted", () => {
  test("are read, each by the provider of its resource", async () => {
    const transforms = await configured();
    for (const { resource, key, plain, stored } of fixture.values) {
      const transform = transformOf(transforms, resource);
      if (transform.mode === "unseal") {
        expect(stored, resource).toBe(plain);
        continue;
      }
      const opened = await transform.unwrap(key, bytes(stored));
      expect(Buffer.from(opened.plain).toString("base64"), `${resource} ${plain.slice(0, 20)}`).toBe(plain);
      expect(opened.stale).toBe(false);
    }
    const ids = fixture.values.map(({ stored }) => wrappedUnder(bytes(stored)));
    expect(new Set(ids)).toEqual(
      new Set([
        "k8s:enc:aescbc:v1:key1",
        "k8s:enc:aesgcm:v1:gcm",
        "k8s:enc:secretbox:v1:box",
        "k8s:enc:kms:v2:flip",
        undefined,
      ]),
    );
  });

  test("open at no other key where the provider binds the key", async () => {
    const transforms = await configured();
    for (const { resource, key, stored } of fixture.values) {
      const id = Buffer.from(stored, "base64").toString("latin1");
      if (!id.startsWith("k8s:enc:aesgcm") && !id.startsWith("k8s:enc:kms")) continue;
      const moved = async (): Promise<unknown> =>
        transformOf(transforms, resource).unwrap(`${key}x`, bytes(stored));
      await expect(moved()).rejects.toThrow("does not prove genuine");
    }
  });

  test("are refused, never misread, when any byte behind the prefix is another, but for aescbc that proves nothing", async () => {
    const transforms = await configured();
    for (const { resource, key, plain, stored } of fixture.values) {
      const whole = bytes(stored);
      const prefix = Buffer.from(whole)
        .toString("latin1")
        .match(/^k8s:enc:[^:]+:v\d:[^:]+:/)?.[0];
      if (prefix === undefined || prefix.includes("aescbc") || whole.byteLength > 600) continue;
      for (let at = prefix.length; at < whole.byteLength; at++) {
        const damaged = Uint8Array.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ 1;
        const outcome = await Promise.resolve()
          .then(() => transformOf(transforms, resource).unwrap(key, damaged))
          .then(
            ({ plain: opened }) => Buffer.from(opened).toString("base64"),
            (error: Error) => error.name,
          );
        // Annotations and the like may change without a change of what is opened.
        expect(["KeyFault", plain]).toContain(outcome);
      }
      for (let end = 0; end < whole.byteLength; end += 7) {
        const cut = async (): Promise<unknown> =>
          transformOf(transforms, resource).unwrap(key, whole.subarray(0, end));
        await expect(cut()).rejects.toMatchObject({ name: "KeyFault" });
      }
    }
  });
});

describe("values written here", () => {
  test("have Kubernetes' prefix, and come back", async () => {
    const transforms = await configured();
    const prefixes: Record<string, string> = {
      secrets: "k8s:enc:aescbc:v1:key1:",
      configmaps: "k8s:enc:aesgcm:v1:gcm:",
      "deployments.apps": "k8s:enc:secretbox:v1:box:",
      "cronjobs.batch": "k8s:enc:secretbox:v1:box:",
      pods: "k8s:enc:kms:v2:flip:",
      "ingresses.networking.k8s.io": "k8s:enc:kms:v2:flip:",
    };
    for (const [resource, prefix] of Object.entries(prefixes)) {
      const transform = transformOf(transforms, resource);
      for (const length of [0, 1, 15, 16, 17, 5000]) {
        const plain = new Uint8Array(length).fill(length);
        const stored = await transform.wrap("/registry/x", plain);
        expect(Buffer.from(stored.subarray(0, prefix.length)).toString()).toBe(prefix);
        // kube-apiserver refuses an empty value of a key service and never writes one.
        if (length === 0 && prefix.includes("kms")) continue;
        expect(await transform.unwrap("/registry/x", stored)).toEqual({ plain, stale: false });
      }
    }
    expect(transformOf(transforms, "widgets.example.com").mode).toBe("unseal");
  });
});

const providers = (list: string): string =>
  `apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n${list}`;
const secret = Buffer.alloc(32, 7).toString("base64");
const other = Buffer.alloc(32, 8).toString("base64");

describe("the order of providers", () => {
  test("the first writes, all read, and what another than the first wrote is stale", async () => {
    const before = transformOf(
      await encryptionConfiguration(providers(`  - aescbc: {keys: [{name: a, secret: ${secret}}]}\n`)),
      "secrets",
    );
    const after = transformOf(
      await encryptionConfiguration(
        providers(
          `  - aesgcm: {keys: [{name: b, secret: ${secret}}]}\n  - aescbc: {keys: [{name: a, secret: ${secret}}]}\n  - identity: {}\n`,
        ),
      ),
      "secrets",
    );
    const stored = await before.wrap("/k", Buffer.from("v"));
    expect(await after.unwrap("/k", stored)).toEqual({
      plain: new Uint8Array(Buffer.from("v")),
      stale: true,
    });
    expect([before.mode, after.mode]).toEqual(["seal", "migrate"]);
    expect(after.knows?.("k8s:enc:aescbc:v1:a")).toBe(true);
    expect(after.knows?.("k8s:enc:aescbc:v1:b")).toBe(false);
  });

  test("two keys of one name are both tried", async () => {
    const old = transformOf(
      await encryptionConfiguration(providers(`  - aesgcm: {keys: [{name: a, secret: ${other}}]}\n`)),
      "secrets",
    );
    const both = transformOf(
      await encryptionConfiguration(
        providers(
          `  - aesgcm: {keys: [{name: a, secret: ${secret}}]}\n  - aesgcm: {keys: [{name: a, secret: ${other}}]}\n`,
        ),
      ),
      "secrets",
    );
    const stored = await old.wrap("/k", Buffer.from("v"));
    expect(await both.unwrap("/k", stored)).toMatchObject({ stale: true });
    const gone = async (): Promise<unknown> => old.unwrap("/k", Buffer.from("k8s:enc:aesgcm:v1:z:abc"));
    await expect(gone()).rejects.toThrow(
      'under "k8s:enc:aesgcm:v1:z", which is not among the configured providers',
    );
  });
});

describe("a configuration", () => {
  test("is taken as text, as a path and as an object", async () => {
    const path = join(tmpdir(), `encryption-${process.pid}.yaml`);
    await writeFile(path, providers("  - identity: {}\n"));
    for (const source of [
      path,
      providers("  - identity: {}\n"),
      JSON.stringify({
        kind: "EncryptionConfiguration",
        resources: [{ resources: ["secrets"], providers: [{ identity: {} }] }],
      }),
    ]) {
      expect(Object.keys(await encryptionConfiguration(source))).toEqual(["secrets"]);
    }
    expect(
      Object.keys(
        await encryptionConfiguration({
          kind: "EncryptionConfiguration",
          resources: [{ resources: ["*.apps"], providers: [{ identity: {} }] }],
        }),
      ),
    ).toEqual(["*.apps"]);
  });

  const resources = (...lists: readonly string[]): string =>
    `kind: EncryptionConfiguration\nresources:\n${lists.map((list) => `- resources: [${list}]\n  providers: [{identity: {}}]\n`).join("")}`;

  test.each([
    ["kind", "kind: Other\nresources: []\n", 'kind is "Other"'],
    ["no resources", "kind: EncryptionConfiguration\nresources: []\n", "resources is empty"],
    ["not YAML", "kind: [\n:::", "neither YAML nor JSON"],
    [
      "a short key",
      providers("  - aescbc: {keys: [{name: a, secret: c2VjcmV0}]}\n"),
      "resources[0].providers[0].aescbc.keys[0].secret has 6 bytes, expected 16 or 24 or 32",
    ],
    [
      "a secretbox key of 16 bytes",
      providers("  - secretbox: {keys: [{name: a, secret: AAAAAAAAAAAAAAAAAAAAAA==}]}\n"),
      "expected 32",
    ],
    ["no base64", providers("  - aescbc: {keys: [{name: a, secret: '!!'}]}\n"), "secret is not base64"],
    ["two providers in one", providers("  - {identity: {}, aescbc: {}}\n"), "more than one provider"],
    ["a field too many", `${resources("secrets")}resourcess: []\n`, 'did you mean "resources"'],
    ["a key's misspelt field", providers("  - aescbc: {keys: [{name: a, secrte: c2VjcmV0}]}\n"), '"secret"'],
    ["keys of identity", providers("  - identity: {keys: []}\n"), '"keys", which is not known'],
    ["an unknown provider", providers("  - rot13: {}\n"), '"rot13", expected aescbc'],
    ["KMS v1", providers("  - kms: {name: a, endpoint: 'unix:///a'}\n"), "KMS v1, which is not supported"],
    [
      "a plugin over TCP",
      providers("  - kms: {apiVersion: v2, name: a, endpoint: 'tcp://a'}\n"),
      "expected unix:///path/to/socket",
    ],
    [
      "two plugins of one name",
      providers(
        "  - kms: {apiVersion: v2, name: a, endpoint: 'unix:///a'}\n  - kms: {apiVersion: v2, name: a, endpoint: 'unix:///b'}\n",
      ),
      "names of plugins differ",
    ],
    ["a wildcard of resources", resources("'*'"), "for all resources"],
    ["overlap", resources("secrets, '*.'"), "which overlap"],
    ["a mask", resources("'*.apps'", "deployments.apps"), 'masked by "*.apps"'],
    ["a mask by everything", resources("'*.*'", "secrets"), 'masked by "*.*"'],
    ["events' second group", resources("events.events.k8s.io"), "stored in the core group"],
    ["capital letters", resources("Secrets"), "no capital letters"],
    ["all groups", resources("'pods.*'"), "is not supported"],
  ])("with %s is refused by name", async (_what, source, message) => {
    const error = await encryptionConfiguration(source).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(isStoreError(error, "INVALID_ARGUMENT") && error.message).toContain(message);
    expect(String(error)).not.toContain("c2VjcmV0");
  });

  test("that is not there is refused with its path", async () => {
    await expect(encryptionConfiguration("/nowhere/e.yaml")).rejects.toThrow('"/nowhere/e.yaml": ENOENT');
  });
});
