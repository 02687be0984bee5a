/**
 * Checks the query of a write (Kubernetes' ValidateCreateOptions, ValidateUpdateOptions, ValidatePatchOptions) before
 * anything happens: a dry run that is misspelt must not write.
 */
import { patchTypeOf } from "keelson/http";
import type { Exchange } from "./exchange.ts";
import { Refusal, type StatusCause } from "./refusal.ts";

/** Kubernetes' limit of a field manager's name. */
const managerCharactersMax = 128;

/** @throws Refusal 422 naming each parameter */
export function checkWriteQuery({ query, request }: Exchange, method: "POST" | "PUT" | "PATCH"): void {
  const causes: StatusCause[] = [];
  const stages = query.getAll("dryRun");
  if (stages.some((stage) => stage !== "All")) {
    const message = `Unsupported value: ${JSON.stringify(stages)}: supported values: "All"`;
    causes.push({ reason: "FieldValueNotSupported", message, field: "dryRun" });
  }
  const manager = query.get("fieldManager") ?? "";
  if (manager.length > managerCharactersMax) {
    const message = `Too long: must have at most ${managerCharactersMax} bytes`;
    causes.push({ reason: "FieldValueTooLong", message, field: "fieldManager" });
  } else if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(manager)) {
    const message = `Invalid value: ${JSON.stringify(manager)}: expected printable characters`;
    causes.push({ reason: "FieldValueInvalid", message, field: "fieldManager" });
  }
  const type = method === "PATCH" ? patchTypeOf(request.headers["content-type"]) : undefined;
  if (type !== undefined && type !== "apply" && query.has("force")) {
    const message = "Forbidden: may not be specified for non-apply patch";
    causes.push({ reason: "FieldValueForbidden", message, field: "force" });
  }
  if (type === "apply" && manager === "") {
    const message = "Required value: is required for apply patch";
    causes.push({ reason: "FieldValueRequired", message, field: "fieldManager" });
  }
  if (causes.length === 0) return;
  const kind = { POST: "CreateOptions", PUT: "UpdateOptions", PATCH: "PatchOptions" }[method];
  const all = causes.map(({ field, message }) => `${field}: ${message}`);
  const text = all.length === 1 ? all.join("") : `[${all.join(", ")}]`;
  throw new Refusal(422, "Invalid", `${kind}.meta.k8s.io "" is invalid: ${text}`, {
    causes,
    subject: { group: "meta.k8s.io", kind },
  });
}
