/**
 * Requests that were sent to a real kube-apiserver 1.20.2, with the object before and after each: patches, updates and
 * applies by several managers, of config maps, services, deployments and pods. What these functions make of the same
 * object and body is the same object, managedFields included, or the same conflict in the same words.
 *
 * Left out of the record: what depends on defaulting (the creates), the status subresource (1.20 did not tell it apart in
 * managedFields), and requests that 1.20 answered with 500.
 */
import { readFileSync } from "node:fs";
import {
  jsonPatch,
  mergePatch,
  openApiMergeSchema,
  serverSideApply,
  strategicMergePatch,
  trackUpdate,
} from "keelson/http";
import { describe, expect, it } from "vitest";
import { isStoreError } from "../../../../src/errors.ts";
import type { AnyResource } from "../../../../src/resource/model/resource.ts";

interface Step {
  readonly name: string;
  readonly kind: string;
  readonly does: "apply" | "put" | "strategic" | "merge" | "json";
  readonly manager: string;
  readonly force?: true;
  readonly before?: AnyResource;
  readonly body: object;
  readonly after?: AnyResource;
  readonly status?: number;
  readonly message?: string;
}
const file = new URL("../../../fixtures/http/kube-apiserver-1.20-patches.json", import.meta.url);
const record = JSON.parse(readFileSync(file, "utf8")) as {
  readonly roots: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, object>>;
  readonly steps: readonly Step[];
};

function made({ kind, does, manager, force, before, body }: Step): AnyResource {
  const schema = openApiMergeSchema(
    { $ref: `#/definitions/${record.roots[kind]}` },
    (reference) => record.definitions[reference.slice("#/definitions/".length)],
  );
  const hasStatus = kind !== "ConfigMap";
  const options = { fieldManager: manager, time: "2026-01-01T00:00:00Z", schema, hasStatus };
  if (does === "apply") return serverSideApply<AnyResource>(before, body, { ...options, force });
  const live = before ?? ({} as AnyResource);
  const after = {
    put: () => body as AnyResource,
    strategic: () => strategicMergePatch(live, body, schema),
    merge: () => mergePatch(live, body),
    json: () => jsonPatch(live, body),
  }[does]();
  return trackUpdate(before, after, options);
}

/** Entries in one order, without times. */
function comparable(object: AnyResource): AnyResource {
  const { managedFields, ...metadata } = object.metadata;
  const entries = ((managedFields ?? []) as { manager: string; operation: string; time?: string }[])
    .map(({ time: _, ...entry }) => entry)
    .sort((a, b) => (a.operation + a.manager < b.operation + b.manager ? -1 : 1));
  return { ...object, metadata: entries.length === 0 ? metadata : { ...metadata, managedFields: entries } };
}

describe("beside a real kube-apiserver", () => {
  it("the record has something of everything", () => {
    expect(new Set(record.steps.map(({ does }) => does)).size).toBe(5);
    expect(record.steps.filter(({ message }) => message !== undefined).length).toBeGreaterThan(5);
  });

  for (const step of record.steps) {
    it(step.name, () => {
      let result: AnyResource | undefined;
      let failure: unknown;
      try {
        result = made(step);
      } catch (error) {
        failure = error;
      }
      if (step.after !== undefined) {
        if (failure !== undefined) throw failure;
        expect(result === undefined ? undefined : comparable(result)).toEqual(comparable(step.after));
        return;
      }
      if (!isStoreError(failure)) throw failure ?? new Error("it should have been refused");
      expect(failure.httpStatus).toBe(step.status);
      if (step.message !== undefined) expect(failure.message).toBe(step.message);
    });
  }
});
