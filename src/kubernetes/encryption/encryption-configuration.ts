/**
 * `encryptionConfiguration`: kube-apiserver's --encryption-provider-config as transforms of a store.
 *
 * The file is checked as kube-apiserver checks it, before any transform is created; an error names the path in the file
 * and never its content.
 */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { type Random, systemRandom } from "../../base/random.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import { type Clock, systemClock } from "../../base/time/clock.ts";
import type { Transform } from "../../codec/sealing/transform.ts";
import { invalidArgument } from "../../errors.ts";
import { type ConfiguredProvider, checkedConfiguration } from "./checked-configuration.ts";
import { configuredTransform, type Provider } from "./configured-transform.ts";
import { KmsCipher } from "./kms-cipher.ts";
import { KmsPlugin } from "./kms-plugin.ts";
import { aesCbcCipher, aesGcmCipher, secretboxCipher } from "./local-ciphers.ts";

/**
 * Encryption at rest as in a kube-apiserver: its EncryptionConfiguration, as transforms for `createStore`. Each reads
 * what the other writes, if the store's codec writes Kubernetes' format (`kubernetesCodec`, or `jsonCodec({ raw: true
 * })`).
 *
 * Providers: `aescbc`, `aesgcm`, `secretbox`, `identity`, and `kms` of version 2 over its unix socket, which is not
 * contacted before a value needs it. The first provider writes, all read; values of any other provider are stale and
 * move to the first with their next write.
 * @param source the configuration as YAML or JSON text, the path of such a file, or the parsed object
 * @returns by resource ("secrets", "deployments.apps") and wildcard ("*.apps", "*." for the core group, "*.*")
 * @throws INVALID_ARGUMENT "source": unreadable, not an EncryptionConfiguration, one that kube-apiserver also refuses,
 * one with an unknown field (kube-apiserver ignores it), or `kms` of version 1
 */
export async function encryptionConfiguration(
  source: string | object,
  options: {
    /** For tests. */
    readonly clock?: Clock | undefined;
    /** For tests. */
    readonly random?: Random | undefined;
  } = {},
): Promise<Readonly<Record<string, Transform>>> {
  checkOptions(options, "read EncryptionConfiguration", { clock: "clock", random: "random" });
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const parsed = typeof source === "string" ? parseText(await textOf(source)) : source;
  const providers = new Map<string, Provider[]>();
  for (const { resources, providers: configured } of checkedConfiguration(parsed)) {
    const made = configured.flatMap((one) => providersOf(one, clock, random));
    for (const resource of resources) {
      // A resource in two lists has the providers of both, in order.
      providers.set(resource, [...(providers.get(resource) ?? []), ...made]);
    }
  }
  return Object.fromEntries([...providers].map(([resource, list]) => [resource, configuredTransform(list)]));
}

function providersOf(configured: ConfiguredProvider, clock: Clock, random: Random): readonly Provider[] {
  switch (configured.type) {
    case "identity":
      return ["identity"];
    case "aescbc":
      return configured.keys.map((key) => aesCbcCipher(key, random));
    case "aesgcm":
      return configured.keys.map((key) => aesGcmCipher(key, random));
    case "secretbox":
      return configured.keys.map((key) => secretboxCipher(key, random));
    case "kms": {
      const { name, socketPath, timeoutMs } = configured;
      return [new KmsCipher(new KmsPlugin({ name, socketPath, timeoutMs, clock }), clock, random)];
    }
  }
}

/** Text of several lines, or JSON, is the configuration itself; a single line is its path. */
async function textOf(source: string): Promise<string> {
  if (/\n|^\s*\{/.test(source)) return source;
  try {
    return await readFile(source, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw invalidArgument(
      "source",
      `Cannot read encryption configuration ${quote(source)}: ${code ?? "no such file"}`,
    );
  }
}

function parseText(text: string): unknown {
  try {
    return parse(text);
  } catch {
    // The parser quotes the faulty line, which may contain a key.
    throw invalidArgument("source", "Cannot read encryption configuration: it is neither YAML nor JSON");
  }
}
