/**
 * The query and body of a DELETE request as options of `delete`, by Kubernetes' rules: a body (metav1.DeleteOptions)
 * overrides the query. Pure.
 */
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import type { DeleteOptions, Preconditions } from "../../resource/contract/write-options.ts";
import type { Resource } from "../../resource/model/resource.ts";
import { parsePreconditions } from "../../resource/options/preconditions.ts";
import { checkGrace } from "../../resource/options/write-options.ts";
import { flagOf, given, integerOf, textOf } from "./query-values.ts";

type Policy = NonNullable<DeleteOptions<Resource>["propagationPolicy"]>;
/** The result of `deleteQuery`. */
export type DeleteQuery = Omit<DeleteOptions<Resource>, "validate">;

/**
 * Options of `delete` and `deleteCollection`. A negative grace period is one second, as in Kubernetes.
 * @param body the decoded JSON body; undefined or null for none
 * @throws INVALID_ARGUMENT naming the field
 */
export function deleteQuery(query: URLSearchParams, body?: unknown): DeleteQuery {
  const fields = body === undefined || body === null ? fieldsOfQuery(query) : fieldsOfBody(body);
  return given<DeleteQuery>({
    preconditions: preconditionsOf(fields["preconditions"]),
    dryRun: dryRunOf(fields["dryRun"]),
    gracePeriodSeconds: graceOf(fields["gracePeriodSeconds"]),
    propagationPolicy: policyOf(fields["propagationPolicy"], fields["orphanDependents"]),
    [unsafe]: unsafeOf(fields[unsafe]),
  });
}

/** The field of metav1.DeleteOptions that deletes unreadable objects. */
const unsafe = "ignoreStoreReadErrorWithClusterBreakingPotential";

type Fields = Readonly<Record<string, unknown>>;

function fieldsOfQuery(query: URLSearchParams): Fields {
  return {
    dryRun: query.getAll("dryRun"),
    gracePeriodSeconds: integerOf(query, "gracePeriodSeconds"),
    propagationPolicy: textOf(query, "propagationPolicy"),
    orphanDependents: flagOf(query, "orphanDependents"),
    [unsafe]: flagOf(query, unsafe),
  };
}

function fieldsOfBody(body: unknown): Fields {
  if (typeof body !== "object" || Array.isArray(body)) {
    throw invalidArgument("body", `Cannot delete with ${quote(body)} as body: expected DeleteOptions`);
  }
  const fields = { ...body } as Record<string, unknown>;
  if (fields["kind"] !== undefined && fields["kind"] !== "DeleteOptions") {
    throw invalidArgument(
      "body.kind",
      `Cannot delete with a body of kind ${quote(fields["kind"])}: expected "DeleteOptions"`,
    );
  }
  return fields;
}

/** False counts as absent. */
function unsafeOf(value: unknown): true | undefined {
  if (value === undefined || value === null || value === false) return undefined;
  if (value === true) return true;
  throw invalidArgument(unsafe, `Cannot use ${quote(value)} as ${unsafe}: expected a boolean`);
}

function preconditionsOf(value: unknown): Preconditions | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) {
    throw invalidArgument("preconditions", `Cannot use ${quote(value)} as preconditions: expected an object`);
  }
  const { uid, resourceVersion } = value as Fields;
  // The following check refuses a value that is not text.
  const wanted = given({
    uid: uid ?? undefined,
    resourceVersion: resourceVersion ?? undefined,
  }) as Preconditions;
  parsePreconditions(wanted);
  return wanted;
}

function dryRunOf(value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  const stages: readonly unknown[] = Array.isArray(value) ? value : [value];
  const [strange] = stages.filter((stage) => stage !== "All");
  if (strange !== undefined) {
    throw invalidArgument("dryRun", `Cannot use ${quote(strange)} as dryRun: expected "All"`);
  }
  return stages.length > 0 ? true : undefined;
}

function graceOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value < 0) return 1;
  return checkGrace(value as number);
}

const policies: readonly unknown[] = ["Background", "Foreground", "Orphan"] satisfies Policy[];

function policyOf(value: unknown, orphanDependents: unknown): Policy | undefined {
  const policy = value ?? undefined;
  if (orphanDependents !== undefined && orphanDependents !== null) {
    if (policy !== undefined || typeof orphanDependents !== "boolean") {
      throw invalidArgument(
        "orphanDependents",
        `Cannot use ${quote(orphanDependents)} as orphanDependents: expected a boolean, and no propagationPolicy beside it`,
      );
    }
    return orphanDependents ? "Orphan" : "Background";
  }
  if (policy === undefined || policies.includes(policy)) return policy as Policy | undefined;
  throw invalidArgument(
    "propagationPolicy",
    `Cannot use ${quote(policy)} as propagationPolicy: expected "Background", "Foreground" or "Orphan"`,
  );
}
