/** What a Status says where clients and people know Kubernetes' own words. */
import { expect, test } from "vitest";
import { StoreError } from "../../../src/errors.ts";

const pod = {
  key: "/registry/pods/default/web",
  kind: "Pod",
  plural: "pods",
  namespace: "default",
  name: "web",
};

test("toStatus() tells a page's token from a watch's version when history is gone", () => {
  const watch = new StoreError("EXPIRED", "internal", pod).toStatus();
  expect(watch.message).toBe("The resourceVersion for the provided watch is too old.");
  const page = new StoreError("EXPIRED", "internal", { ...pod, continueToken: "next" }).toStatus();
  expect(page.message).toMatch(/^The provided continue parameter is too old/);
  expect(page.metadata.continue).toBe("next");
});

test("toStatus() says what old clients wait for when a version is not there yet", () => {
  const error = new StoreError("FUTURE_VERSION", "internal", {
    ...pod,
    requested: "9",
    current: "7",
    retryAfterMs: 1000,
  });
  expect(error.toStatus()).toMatchObject({
    message: "Timeout: Too large resource version: 9, current: 7",
    code: 504,
  });
});

test("toStatus() names the cause that controllers look for in a namespace that ends", () => {
  const error = new StoreError("NAMESPACE_TERMINATING", "internal", { ...pod, namespace: "team" });
  expect(error.toStatus().details?.causes).toEqual([
    {
      reason: "NamespaceTerminating",
      message: "namespace team is being terminated",
      field: "metadata.namespace",
    },
  ]);
});
