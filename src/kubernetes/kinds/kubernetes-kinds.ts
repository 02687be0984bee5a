/**
 * The built-in kinds as kinds of a store: `kubernetesKinds`, `kubernetesKind`.
 *
 * Keys, names, fields and times to live are Kubernetes' own. A kind covers all versions in which Kubernetes has stored
 * it: an object stored in another version is returned in the kind's version, and its next write stores that.
 */

import { checkOptions } from "../../base/text/known-options.ts";
import { isError } from "../../base/text/message-of.ts";
import { nearestName } from "../../base/text/nearest-name.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument, invariant } from "../../errors.ts";
import { defineKind, resourceName } from "../../resource/model/define-kind.ts";
import type { Kind } from "../../resource/model/kind.ts";
import { namespaceKind } from "../../resource/model/namespace-kind.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { type BuiltinKind, builtinKinds, type StoredVersion } from "./builtin-kinds.ts";
import { convertVersion } from "./conversions.ts";
import { pathsRead, selectableFields } from "./selectable-fields.ts";
import { releaseMinor, storageVersion } from "./storage-version.ts";

/**
 * Longest name that is compared with others, characters: comparison is quadratic, and no name in Kubernetes is longer.
 */
const namedCharactersMax = 120;
/** Pods are indexed by their node, the only field that Kubernetes indexes. */
const nodeNameIndex = ["field:spec.nodeName"] as const;

/**
 * Every stored built-in kind, each in the version that a release of Kubernetes stores, so that its kube-apiserver can
 * read it.
 * @throws INVALID_ARGUMENT "version"
 * @example
 * ```ts
 * import { createStore } from "keelson";
 * import { connectEtcd } from "keelson/etcd";
 * import { kubernetesCodec, kubernetesKind, kubernetesKinds } from "keelson/kubernetes";
 *
 * const etcd = await connectEtcd({ endpoints: "http://127.0.0.1:2379" });
 * const store = await createStore({
 *   etcd,
 *   kinds: kubernetesKinds({ version: "1.33" }),
 *   codec: kubernetesCodec(),
 *   namespaces: "open",
 *   compaction: false, // the cluster's own API servers compact
 * });
 * const { items } = await store.resources(kubernetesKind("v1", "Pod")).list({ namespace: "default" });
 * console.log(items.map(({ metadata }) => metadata.name));
 * await store.close();
 * await etcd.close();
 * ```
 */
export function kubernetesKinds(
  options: {
    /**
     * The release, e.g. "1.33" or "v1.33.2", 1.16 or newer; kinds that it does not have are left out. Default: the
     * newest known (1.36, also used for newer ones), with kinds that only older releases have.
     */
    readonly version?: string | undefined;
  } = {},
): readonly Kind[] {
  checkOptions(options, "list Kubernetes' kinds", { version: "text" });
  const { version } = options;
  const minor = releaseMinor(version);
  return builtinKinds.flatMap((kind) => {
    const stored = storageVersion(kind, minor) ?? (version === undefined ? kind.versions[0] : undefined);
    return stored === undefined ? [] : [define(kind, stored)];
  });
}

/**
 * One built-in kind in one of its versions, e.g. ("apps/v1", "Deployment"). Objects stored in its other versions are read, too.
 * @throws INVALID_ARGUMENT "kind", with the nearest known name
 */
export function kubernetesKind(apiVersion: string, kind: string): Kind {
  for (const builtin of builtinKinds) {
    const version =
      builtin.kind === kind ? builtin.versions.find((one) => one.apiVersion === apiVersion) : undefined;
    if (version !== undefined) return define(builtin, version);
  }
  const known = builtinKinds.flatMap((builtin) =>
    builtin.versions.map((version) => `${version.apiVersion} ${builtin.kind}`),
  );
  const asked = `${String(apiVersion)} ${String(kind)}`.slice(0, namedCharactersMax);
  const near = nearestName(asked, known);
  throw invalidArgument(
    "kind",
    `Cannot find kind ${quote(kind)} of ${quote(apiVersion)} among those Kubernetes stores${near === undefined ? "" : `: did you mean ${near}?`}`,
  );
}

/**
 * A built-in object in another version of its kind, converted as kube-apiserver does on reads; a copy, or the same
 * object if it has that version. `kubernetesVersions` lists the versions.
 * @throws INVALID_ARGUMENT "apiVersion": the kind has no such version, or the conversion is unknown
 */
export function convertKubernetes(object: AnyResource, apiVersion: string): AnyResource {
  const builtin = builtinKinds.find(
    ({ kind, versions }) =>
      kind === object.kind && versions.some((version) => version.apiVersion === object.apiVersion),
  );
  const to = builtin?.versions.find((version) => version.apiVersion === apiVersion);
  if (builtin !== undefined && to !== undefined) {
    try {
      return convertVersion(builtin, object, to);
    } catch (error) {
      throw invalidArgument(
        "apiVersion",
        `Cannot convert ${quote(object.kind)}: ${isError(error) ? error.message : quote(error)}`,
      );
    }
  }
  throw invalidArgument(
    "apiVersion",
    `Cannot convert ${quote(object.kind)} from ${quote(object.apiVersion)} to ${quote(apiVersion)}: no built-in kind has both`,
  );
}

/**
 * The versions of a built-in kind that a release of Kubernetes serves, newest first; empty for a kind it does not
 * have.
 * @throws INVALID_ARGUMENT "version"
 */
export function kubernetesVersions(
  object: {
    /** Any version of the kind. */
    readonly apiVersion: string;
    /** The kind's name, such as "Deployment". */
    readonly kind: string;
  },
  options: {
    /** The release; default the newest known. */
    readonly version?: string | undefined;
  } = {},
): readonly string[] {
  checkOptions(options, "list the versions of a kind", { version: "text" });
  const minor = releaseMinor(options.version);
  const builtin = builtinKinds.find(
    ({ kind, versions }) =>
      kind === object.kind && versions.some((version) => version.apiVersion === object.apiVersion),
  );
  if (builtin === undefined || (builtin.removed !== undefined && minor >= builtin.removed)) return [];
  return builtin.versions.filter((version) => version.minor <= minor).map((version) => version.apiVersion);
}

function define(builtin: BuiltinKind, version: StoredVersion): Kind {
  if (builtin.kind === "Namespace") return namespaceKind;
  const { plural, scope, keyPath, nameRule, shortNames, categories, status, ttlSeconds } = builtin;
  invariant(version.version !== "", "a stored version has a name");
  const { group } = version;
  const fields = selectableFields(resourceName({ group: builtin.group, plural }));
  return defineKind<AnyResource>({
    group,
    version: version.version,
    kind: builtin.kind,
    plural,
    scope,
    keyPath,
    nameRule,
    shortNames,
    categories,
    status,
    ttlSeconds,
    fields,
    reads: pathsRead(fields),
    ...(builtin.kind === "Pod" ? { indexes: nodeNameIndex } : {}),
    ...(builtin.scale
      ? {
          scale: {
            specReplicas: "spec.replicas",
            statusReplicas: "status.replicas",
            selector: "spec.selector",
          },
        }
      : {}),
    upgrade: (stored) => convertVersion(builtin, stored as AnyResource, version),
  });
}
