/** Defaults of the example API server: what Kubernetes fills, nothing a client gave changed, the second time nothing. */
import { describe, expect, test } from "vitest";
import { otherRules } from "../../../../examples/api-server/defaults/others.ts";
import {
  addTolerations,
  newPodStatus,
  pod,
  qosClassOf,
} from "../../../../examples/api-server/defaults/pods.ts";
import { fillDefaults, type Json, type Rules } from "../../../../examples/api-server/defaults/rules.ts";
import { claimPods, workloadRules } from "../../../../examples/api-server/defaults/workloads.ts";
import { seededRandom } from "../../../support/seeded-random.ts";

const rules: Readonly<Record<string, Rules>> = { ...workloadRules, ...otherRules, pods: pod };

function filled(resource: string, object: Json): Json {
  const copy = structuredClone(object);
  fillDefaults(copy, rules[resource] ?? {});
  return copy;
}

test("a deployment of one image is what the controllers of Kubernetes expect", () => {
  const template = {
    metadata: { labels: { a: "b" } },
    spec: { containers: [{ name: "c", image: "nginx" }] },
  };
  expect(filled("deployments.apps", { spec: { selector: { matchLabels: { a: "b" } }, template } })).toEqual({
    spec: {
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
      selector: { matchLabels: { a: "b" } },
      template: {
        metadata: { labels: { a: "b" } },
        spec: {
          restartPolicy: "Always",
          terminationGracePeriodSeconds: 30,
          dnsPolicy: "ClusterFirst",
          securityContext: {},
          schedulerName: "default-scheduler",
          containers: [
            {
              name: "c",
              image: "nginx",
              imagePullPolicy: "Always",
              resources: {},
              terminationMessagePath: "/dev/termination-log",
              terminationMessagePolicy: "File",
            },
          ],
        },
      },
    },
  });
});

describe("fields that depend on others", () => {
  test.each([
    ["nginx", "Always"],
    ["nginx:latest", "Always"],
    ["nginx:1.27", "IfNotPresent"],
    ["registry:5000/nginx", "Always"],
    ["registry:5000/nginx:1", "IfNotPresent"],
    [`nginx@sha256:${"0".repeat(64)}`, "IfNotPresent"],
  ])("image %s is pulled %s", (image, policy) => {
    expect(filled("pods", { spec: { containers: [{ name: "c", image }] } })).toMatchObject({
      spec: { containers: [{ imagePullPolicy: policy }] },
    });
  });

  test("a strategy of Recreate has no rolling update", () => {
    expect(filled("deployments.apps", { spec: { strategy: { type: "Recreate" } } })["spec"]).toMatchObject({
      strategy: { type: "Recreate" },
    });
    expect(
      JSON.stringify(filled("deployments.apps", { spec: { strategy: { type: "Recreate" } } })),
    ).not.toContain("rollingUpdate");
  });

  test("a limit is the request, too, where there is none", () => {
    const container = { name: "c", image: "i", resources: { limits: { cpu: "1" } } };
    expect(filled("pods", { spec: { containers: [container] } })).toMatchObject({
      spec: { containers: [{ resources: { limits: { cpu: "1" }, requests: { cpu: "1" } } }] },
    });
  });

  test("a service's ports lead to themselves; one without selector or address keeps what it said", () => {
    expect(filled("services", { spec: { ports: [{ port: 80 }] } })).toEqual({
      spec: {
        type: "ClusterIP",
        sessionAffinity: "None",
        internalTrafficPolicy: "Cluster",
        ipFamilies: ["IPv4"],
        ipFamilyPolicy: "SingleStack",
        ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
      },
    });
    const external = { spec: { type: "ExternalName", externalName: "e" } };
    expect(filled("services", external)).toEqual({
      spec: { type: "ExternalName", externalName: "e", sessionAffinity: "None" },
    });
  });
});

test("what is given stays, a second time changes nothing, and no two objects share a default", () => {
  const random = seededRandom(7);
  for (const [resource, rule] of Object.entries(rules)) {
    for (let round = 0; round < 20; round++) {
      const given = someOf(rule, random.below, 4) as Json;
      const once = filled(resource, given);
      expect(once, resource).toMatchObject(given);
      expect(filled(resource, once), resource).toEqual(once);
    }
    const [one, two] = [filled(resource, {}), filled(resource, {})];
    for (const [name, value] of Object.entries(one)) {
      if (typeof value === "object" && value !== null) expect(two[name]).not.toBe(value);
    }
  }
});

/** An object with some of the fields that rules speak of, at random: absent, given, or entered. */
function someOf({ fill = {}, within = {} }: Rules, below: (n: number) => number, depth: number): unknown {
  const object: Json = {};
  for (const [name, rule] of Object.entries(fill)) {
    const isPlain = typeof rule === "string" || typeof rule === "number";
    if (isPlain && below(3) === 0) object[name] = typeof rule === "number" ? rule + 1 : `${rule}!`;
  }
  for (const [name, rules] of Object.entries(within)) {
    if (depth > 0 && below(2) === 0) object[name] = someOf(rules, below, depth - 1);
  }
  return object;
}

describe("what admission adds to a pod", () => {
  test.each([
    [[], "BestEffort"],
    [[{}], "BestEffort"],
    [[{ requests: { cpu: "1" } }], "Burstable"],
    [[{ limits: { cpu: "1" } }], "Burstable"],
    [[{ limits: { cpu: "1", memory: "1Gi" } }], "Guaranteed"],
    [[{ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1", memory: "1Gi" } }], "Guaranteed"],
    [[{ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } }], "Burstable"],
    [[{ limits: { cpu: "1", memory: "1Gi" } }, {}], "Burstable"],
  ])("resources %j make it %s", (resources, quality) => {
    const containers = resources.map((one) => ({ resources: one }));
    expect(qosClassOf({ spec: { containers } })).toBe(quality);
    expect(newPodStatus({ spec: { containers } })).toEqual({ phase: "Pending", qosClass: quality });
  });

  test("tolerations of a lost node, unless it says so itself", () => {
    const keys = (pod: Json): readonly unknown[] =>
      (pod["spec"] as { tolerations?: { key?: string }[] }).tolerations?.map(({ key }) => key) ?? [];
    const plain: Json = { spec: {} };
    addTolerations(plain);
    expect(keys(plain)).toEqual(["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]);
    addTolerations(plain);
    expect(keys(plain).length).toBe(2);
    const everything: Json = { spec: { tolerations: [{ operator: "Exists" }] } };
    addTolerations(everything);
    expect(keys(everything)).toEqual([undefined]);
  });
});

test("a job selects its own pods by its uid; with a selector of its own it is left alone", () => {
  const job: Json = { spec: { template: { metadata: { labels: { a: "b" } } } } };
  claimPods(job, "j", "u");
  expect(job["spec"]).toMatchObject({
    selector: { matchLabels: { "controller-uid": "u" } },
    template: { metadata: { labels: { a: "b", "controller-uid": "u", "job-name": "j" } } },
  });
  const manual = { spec: { manualSelector: true, selector: { matchLabels: { a: "b" } } } };
  const copy = structuredClone(manual);
  claimPods(copy, "j", "u");
  expect(copy).toEqual(manual);
});
