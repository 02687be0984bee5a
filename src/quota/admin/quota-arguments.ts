/**
 * The arguments of quota calls, checked before anything is sent: namespace, name, limits and selector.
 */
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import type { LabelSelector } from "../../resource/contract/scope.ts";
import type { Preconditions } from "../../resource/contract/write-options.ts";
import { nameFault } from "../../resource/model/names.ts";
import { parseQuantity, type Quantity } from "../../resource/model/quantity.ts";
import { parsePreconditions } from "../../resource/options/preconditions.ts";
import { parseLabelSelector } from "../../resource/select/label-selector.ts";
import type { Amounts } from "../model/amounts.ts";

const defaultName = "default";
/** "count/pods", "count/deployments.apps", "bytes", "requests.cpu", "example.com/gpus". */
const limitName = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?(\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/;
/** Names that one quota may limit: each write that it applies to is checked against all of them. */
const limitNamesMax = 64;

export interface WantedQuota {
  readonly name: string;
  readonly hard: Amounts;
  /** Canonical text; "" selects everything. */
  readonly labelSelector: string;
}

/** @throws INVALID_ARGUMENT */
export function checkedQuota(quota: {
  readonly name?: string | undefined;
  readonly hard: Readonly<Record<string, Quantity>>;
  readonly labelSelector?: string | LabelSelector | undefined;
}): WantedQuota {
  if (typeof quota !== "object" || quota === null) {
    throw invalidArgument("quota", `Cannot set ${quote(quota)} as quota: expected { hard }`);
  }
  return {
    name: checkedName(quota.name),
    hard: checkedHard(quota.hard),
    labelSelector: parseLabelSelector(quota.labelSelector).text,
  };
}

/** "" stands for the cluster. @throws INVALID_ARGUMENT "namespace" */
export function checkNamespace(namespace: unknown): void {
  if (namespace === "") return;
  const fault = nameFault("label", namespace);
  if (fault !== undefined)
    throw invalidArgument("namespace", `Cannot use ${quote(namespace)} as namespace of a quota: ${fault}`);
}

/** @throws INVALID_ARGUMENT "name" */
export function checkedName(name: string = defaultName): string {
  const fault = nameFault("subdomain", name);
  if (fault !== undefined)
    throw invalidArgument("name", `Cannot use ${quote(name)} as name of a quota: ${fault}`);
  return name;
}

/** The version that the quota must have; undefined: any. A quota has no uid. @throws INVALID_ARGUMENT */
export function checkedVersion(preconditions: Preconditions | undefined): bigint | undefined {
  const { uid, revision } = parsePreconditions(preconditions);
  if (uid === undefined) return revision;
  throw invalidArgument(
    "preconditions.uid",
    `Cannot use ${quote(uid)} as uid of a quota: quotas have none, expected resourceVersion`,
  );
}

function checkedHard(hard: unknown): Amounts {
  if (typeof hard !== "object" || hard === null || Array.isArray(hard)) {
    throw invalidArgument(
      "hard",
      `Cannot use ${quote(hard)} as limits: expected an object such as { "count/pods": 10 }`,
    );
  }
  const entries = Object.entries(hard);
  if (entries.length === 0 || entries.length > limitNamesMax) {
    throw invalidArgument("hard", `Cannot use ${entries.length} limits: expected 1 to ${limitNamesMax}`);
  }
  return new Map(
    entries.map(([name, amount]: [string, unknown]) => {
      if (!limitName.test(name))
        throw invalidArgument(
          "hard",
          `Cannot use ${quote(name)} as the name of a limit: expected e.g. "count/pods", "bytes", "requests.cpu"`,
        );
      const limit = parseQuantity(amount, `hard["${name}"]`);
      if (limit < 0n)
        throw invalidArgument("hard", `Cannot limit ${quote(name)} to ${quote(amount)}: expected 0 or more`);
      return [name, limit] as const;
    }),
  );
}
