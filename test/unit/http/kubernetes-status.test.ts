/** The words of a Status are Kubernetes', and no key of etcd is among them. */
import { expect, test } from "vitest";
import { StoreError } from "../../../src/errors.ts";
import { kubernetesStatus } from "../../../src/http/kubernetes-status.ts";

const pod = {
  key: "/registry/pods/default/web",
  kind: "Pod",
  plural: "pods",
  namespace: "default",
  name: "web",
};
const deployment = { ...pod, group: "apps", kind: "Deployment", plural: "deployments" };
const internal = 'Cannot find pods "/registry/pods/default/web"';

test.each([
  [new StoreError("NOT_FOUND", internal, pod), 'pods "web" not found'],
  [new StoreError("NOT_FOUND", internal, deployment), 'deployments.apps "web" not found'],
  [new StoreError("ALREADY_EXISTS", internal, pod), 'pods "web" already exists'],
  [
    new StoreError("CONFLICT", internal, deployment),
    'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
  ],
  [
    new StoreError("PRECONDITION_FAILED", internal, { ...pod, field: "uid", expected: "a", actual: "b" }),
    'Operation cannot be fulfilled on pods "web": Precondition failed: UID in precondition: a, UID in object meta: b',
  ],
  [
    new StoreError("NAMESPACE_NOT_FOUND", internal, { ...pod, namespace: "team" }),
    'namespaces "team" not found',
  ],
  [
    new StoreError("NAMESPACE_TERMINATING", internal, { ...pod, namespace: "team" }),
    'pods "web" is forbidden: unable to create new content in namespace team because it is being terminated',
  ],
  [
    new StoreError("INVALID_OBJECT", internal, {
      ...deployment,
      errors: [{ field: "spec.a", message: "is wrong" }],
    }),
    'Deployment.apps "web" is invalid: spec.a: is wrong',
  ],
  [
    new StoreError("INVALID_OBJECT", internal, {
      ...pod,
      errors: [
        { field: "spec.a", message: "is wrong" },
        { field: "", message: "is no pod" },
      ],
    }),
    'Pod "web" is invalid: [spec.a: is wrong, is no pod]',
  ],
  [
    new StoreError("QUOTA_EXCEEDED", internal, {
      ...pod,
      violations: [
        { namespace: "default", quota: "small", name: "count/pods", used: 2, hard: 2, requested: 1 },
      ],
    }),
    'pods "web" is forbidden: exceeded quota: small, requested: count/pods=1, used: count/pods=2, limited: count/pods=2',
  ],
  [
    new StoreError("FUTURE_VERSION", internal, { ...pod, requested: "9", current: "7", retryAfterMs: 1000 }),
    "Timeout: Too large resource version: 9, current: 7",
  ],
])("kubernetesStatus() words %s as Kubernetes does", (error, message) => {
  const status = kubernetesStatus(error);
  expect(status.message).toBe(message);
  expect(JSON.stringify(status)).not.toContain("/registry");
  expect(status).toMatchObject({ reason: error.toStatus().reason, code: error.httpStatus });
});

test("kubernetesStatus() takes what the error does not name from the request", () => {
  const error = new StoreError("NOT_FOUND", internal, {});
  expect(kubernetesStatus(error, { group: "apps", plural: "deployments", name: "web" }).message).toBe(
    'deployments.apps "web" not found',
  );
});

test("kubernetesStatus() tells a page's token from a watch's version when history is gone", () => {
  const watch = new StoreError("EXPIRED", internal, pod);
  expect(kubernetesStatus(watch).message).toBe("The resourceVersion for the provided watch is too old.");
  const page = kubernetesStatus(new StoreError("EXPIRED", internal, { ...pod, continueToken: "next" }));
  expect(page.message).toMatch(/^The provided continue parameter is too old/);
  expect(page.metadata.continue).toBe("next");
});

test("kubernetesStatus() tells the conflicts of a server-side apply by field and manager", () => {
  const message = 'Apply failed with 1 conflict: conflict with "kubectl": .spec.replicas';
  const conflicts = [{ field: ".spec.replicas", message: 'conflict with "kubectl"' }];
  const status = kubernetesStatus(new StoreError("CONFLICT", message, { ...pod, conflicts }));
  expect(status).toMatchObject({ message, reason: "Conflict", code: 409 });
});

test("kubernetesStatus() keeps the store's words where Kubernetes has none", () => {
  const error = new StoreError("INVALID_ARGUMENT", "Cannot use -1 as limit: expected at least 0", {
    argument: "limit",
  });
  expect(kubernetesStatus(error).message).toBe("Cannot use -1 as limit: expected at least 0");
});
