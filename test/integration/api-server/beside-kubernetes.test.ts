/**
 * Requests at the edge of the API, and what kube-apiserver 1.20.2 answers to the same ones: status, reason and the fields
 * of the causes. They were recorded side by side; texts may differ.
 */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildProject, type ProgramRun, startProgram } from "../../support/project-run.ts";

let server: ProgramRun;
let url: URL;

beforeAll(async () => {
  await buildProject();
  server = await startProgram("dist/examples/api-server/main.js", ["--serve", "--port", "0"]);
  url = new URL((await server.said(/serving on (http:\S+)/))[1] ?? "");
}, 300_000);
afterAll(async () => {
  server.child.kill("SIGTERM");
  expect((await server.ended()).code).toBe(0);
});

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly json: {
    readonly kind?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly metadata?: Readonly<Record<string, unknown>>;
    readonly spec?: Readonly<Record<string, unknown>>;
    readonly data?: unknown;
    readonly details?: {
      readonly kind?: string;
      readonly causes?: readonly { readonly reason: string; readonly field: string }[];
    };
  };
}

/** Sends the path as it is written: `fetch` would resolve "..". */
function ask(method: string, path: string, body?: unknown, type = "application/json"): Promise<Reply> {
  return new Promise((done, failed) => {
    const text = body === undefined || typeof body === "string" ? (body ?? "") : JSON.stringify(body);
    const headers =
      body === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(text) };
    const sent = request({ host: url.hostname, port: url.port, method, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        const received = Buffer.concat(parts).toString();
        // The first event of a watch, or the whole answer.
        const first = received.split("\n")[0] ?? "";
        const isJson = response.headers["content-type"] === "application/json" && first.endsWith("}");
        const json = (isJson ? JSON.parse(first) : {}) as Reply["json"];
        done({ status: response.statusCode ?? 0, text: received, json });
      });
    });
    sent.on("error", failed);
    sent.end(text);
  });
}

const core = "/api/v1/namespaces/default";
const apps = "/apis/apps/v1/namespaces/default";
const merge = "application/merge-patch+json";
const jsonPatch = "application/json-patch+json";
const apply = "application/apply-patch+yaml";
const configMap = (name: string, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  ...more,
});
const podSpec = { containers: [{ name: "web", image: "nginx:1.27" }] };
const deployment = (name: string, spec: object = {}): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: podSpec },
    ...spec,
  },
});

describe("paths", () => {
  test("are taken as they are sent: no name leads to another resource", async () => {
    expect((await ask("POST", "/api/v1/namespaces", { metadata: { name: "kept" } })).status).toBe(201);
    await ask("POST", "/api/v1/namespaces/kept/configmaps", configMap("inside"));
    for (const path of [
      "configmaps/..",
      "configmaps/%2e%2e",
      "configmaps/.",
      "/configmaps",
      "configmaps//inside",
    ]) {
      const { status } = await ask("DELETE", `/api/v1/namespaces/kept/${path}`);
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
    }
    expect((await ask("DELETE", "/api/v1/namespaces//kept")).status).toBe(404);
    const inside = await ask("GET", "/api/v1/namespaces/kept/configmaps/inside");
    expect({ status: inside.status, marked: inside.json.metadata?.["deletionTimestamp"] }).toEqual({
      status: 200,
      marked: undefined,
    });
  });

  test("of a collection and of an object have verbs of their own", async () => {
    const refused: readonly (readonly [string, string])[] = [
      ["DELETE", "/api/v1/namespaces"],
      ["PUT", `${core}/configmaps`],
      ["PATCH", `${core}/configmaps`],
      ["POST", `${core}/configmaps/a`],
      ["HEAD", `${core}/configmaps`],
      ["OPTIONS", `${core}/configmaps/a`],
    ];
    for (const [method, path] of refused) {
      const { status } = await ask(method, path, method === "PATCH" ? {} : undefined, merge);
      expect([method, path, status]).toEqual([method, path, 405]);
    }
    const discovered = await ask("GET", "/api/v1");
    const { resources } = discovered.json as {
      resources: readonly { name: string; verbs: readonly string[] }[];
    };
    expect(resources.find(({ name }) => name === "namespaces")?.verbs).not.toContain("deletecollection");
  });

  test("with a name that no object can have lead to nothing", async () => {
    for (const method of ["GET", "DELETE"]) {
      const { status, json } = await ask(method, `${core}/configmaps/A_B`);
      expect([status, json.reason, json.message]).toEqual([404, "NotFound", 'configmaps "A_B" not found']);
    }
  });

  test("of one object ignore the watch flag; of a collection every value but false and 0 sets it", async () => {
    await ask("POST", `${core}/configmaps`, configMap("watched"));
    expect((await ask("GET", `${core}/configmaps/watched?watch=1`)).json.kind).toBe("ConfigMap");
    for (const flag of ["watch", "watch=yes", "watch=True"]) {
      const { text } = await ask("GET", `${core}/configmaps?${flag}&timeoutSeconds=1`);
      expect(text).toMatch(/^\{"type":"ADDED"/);
    }
    expect((await ask("GET", `${core}/configmaps?watch=FALSE`)).json.kind).toBe("ConfigMapList");
  });

  test("/metrics counts the store's calls", async () => {
    expect((await ask("GET", "/metrics")).text).toMatch(/^keelson_calls_total\{verb="create"\} \d+$/m);
  });
});

type Case = readonly [
  what: string,
  method: string,
  path: string,
  body: unknown,
  type: string,
  expected: string,
  /** Reasons and fields of the causes. */
  ...causes: readonly string[],
];

const json = "application/json";
const cases: readonly Case[] = [
  // A misspelt option of a write.
  [
    "dry run",
    "POST",
    "configmaps?dryRun=true",
    configMap("no-a"),
    json,
    "422 Invalid",
    "FieldValueNotSupported dryRun",
  ],
  [
    "dry run",
    "PUT",
    "configmaps/live?dryRun=",
    configMap("live"),
    json,
    "422 Invalid",
    "FieldValueNotSupported dryRun",
  ],
  [
    "dry run",
    "PATCH",
    "configmaps/live?dryRun=all",
    {},
    merge,
    "422 Invalid",
    "FieldValueNotSupported dryRun",
  ],
  [
    "manager",
    "POST",
    `configmaps?fieldManager=${"x".repeat(129)}`,
    configMap("no-b"),
    json,
    "422 Invalid",
    "FieldValueTooLong fieldManager",
  ],
  [
    "manager",
    "PATCH",
    "configmaps/live?fieldManager=%00",
    {},
    merge,
    "422 Invalid",
    "FieldValueInvalid fieldManager",
  ],
  ["force", "PATCH", "configmaps/live?force=true", {}, merge, "422 Invalid", "FieldValueForbidden force"],
  [
    "no manager",
    "PATCH",
    "configmaps/live",
    configMap("live"),
    apply,
    "422 Invalid",
    "FieldValueRequired fieldManager",
  ],
  [
    "match",
    "GET",
    "configmaps?resourceVersionMatch=Exact",
    undefined,
    json,
    "422 Invalid",
    "FieldValueForbidden resourceVersionMatch",
  ],
  [
    "policy",
    "DELETE",
    "configmaps/live?propagationPolicy=None",
    undefined,
    json,
    "422 Invalid",
    "FieldValueForbidden propagationPolicy",
  ],
  // Another kind, version or name than the path's.
  [
    "kind",
    "POST",
    "configmaps",
    { apiVersion: "v1", kind: "Secret", metadata: { name: "no-c" } },
    json,
    "400 BadRequest",
  ],
  [
    "version",
    "POST",
    "configmaps",
    { apiVersion: "v2", kind: "ConfigMap", metadata: { name: "no-d" } },
    json,
    "400 BadRequest",
  ],
  ["no name", "PUT", "configmaps/live", { metadata: {} }, json, "400 BadRequest"],
  [
    "patched kind",
    "PATCH",
    "configmaps/live",
    [{ op: "replace", path: "/kind", value: "Secret" }],
    jsonPatch,
    "400 BadRequest",
  ],
  ["patched version", "PATCH", "configmaps/live", { apiVersion: "v2" }, merge, "400 BadRequest"],
  [
    "patched whole",
    "PATCH",
    "configmaps/live",
    [{ op: "replace", path: "", value: {} }],
    jsonPatch,
    "400 BadRequest",
  ],
  ["patched name", "PATCH", "configmaps/live", { metadata: { name: null } }, merge, "400 BadRequest"],
  // Types that a browser sends anywhere without asking.
  ["text", "POST", "configmaps", configMap("no-e"), "text/plain", "415 UnsupportedMediaType"],
  [
    "form",
    "POST",
    "configmaps",
    configMap("no-f"),
    "application/x-www-form-urlencoded",
    "415 UnsupportedMediaType",
  ],
  ["garbage", "POST", "configmaps", configMap("no-g"), ";;;", "415 UnsupportedMediaType"],
  // Content.
  [
    "data key",
    "POST",
    "configmaps",
    configMap("no-h", { data: { "a b": "" } }),
    json,
    "422 Invalid",
    "FieldValueInvalid data[a b]",
  ],
  [
    "data size",
    "POST",
    "configmaps",
    configMap("no-i", { data: { a: "x".repeat(1_048_577) } }),
    json,
    "422 Invalid",
    "FieldValueTooLong data",
  ],
  [
    "no containers",
    "POST",
    "pods",
    { metadata: { name: "no-j" }, spec: {} },
    json,
    "422 Invalid",
    "FieldValueRequired spec.containers",
  ],
  [
    "no image",
    "POST",
    "pods",
    { metadata: { name: "no-k" }, spec: { containers: [{ name: "a" }] } },
    json,
    "422 Invalid",
    "FieldValueRequired spec.containers[0].image",
  ],
  [
    "no ports",
    "POST",
    "services",
    { metadata: { name: "no-l" }, spec: {} },
    json,
    "422 Invalid",
    "FieldValueRequired spec.ports",
  ],
  [
    "class",
    "POST",
    "pods",
    { metadata: { name: "no-m" }, spec: { ...podSpec, priorityClassName: "nope" } },
    json,
    "403 Forbidden",
  ],
];

describe("a request that kube-apiserver refuses", () => {
  beforeAll(async () => {
    await ask("POST", `${core}/configmaps`, configMap("live", { data: { kept: "yes" } }));
  });

  for (const [what, method, path, body, type, expected, ...causes] of cases) {
    test(`is refused: ${what}, ${method} ${path.slice(0, 40)}`, async () => {
      const { status, json: answer } = await ask(method, `${core}/${path}`, body, type);
      expect(`${status} ${answer.reason}`).toBe(expected);
      const found = (answer.details?.causes ?? []).map(({ reason, field }) => `${reason} ${field}`);
      expect(found).toEqual(causes);
      expect((await ask("GET", `${core}/configmaps/live`)).json.data).toEqual({ kept: "yes" });
      const { text } = await ask("GET", `${core}/configmaps`);
      expect(text).not.toMatch(/"name":"no-/);
    });
  }

  test("is refused when it changes what never changes", async () => {
    const changes: readonly (readonly [string, string, object, object, string])[] = [
      [
        `${core}/configmaps`,
        "fixed",
        configMap("fixed", { immutable: true, data: { a: "1" } }),
        { data: { a: "2" } },
        "data",
      ],
      [`${core}/configmaps`, "fixed", configMap("fixed"), { immutable: null }, "immutable"],
      [`${core}/secrets`, "typed", { metadata: { name: "typed" } }, { type: "other" }, "type"],
      [
        `${core}/services`,
        "placed",
        { metadata: { name: "placed" }, spec: { ports: [{ port: 80 }] } },
        { spec: { clusterIP: "10.96.9.9" } },
        "spec.clusterIP",
      ],
      [`${apps}/deployments`, "scaled", deployment("scaled"), { spec: { replicas: -1 } }, "spec.replicas"],
      [
        "/apis/batch/v1/namespaces/default/jobs",
        "once",
        { metadata: { name: "once" }, spec: { template: { spec: { ...podSpec, restartPolicy: "Never" } } } },
        { spec: { template: { spec: { containers: [{ name: "web", image: "nginx:2" }] } } } },
        "spec.template",
      ],
    ];
    for (const [collection, name, object, change, field] of changes) {
      expect([201, 409]).toContain((await ask("POST", collection, object)).status);
      const { status, json: answer } = await ask("PATCH", `${collection}/${name}`, change, merge);
      expect([name, status, answer.details?.causes?.map((cause) => cause.field)]).toEqual([
        name,
        422,
        [field],
      ]);
    }
  });

  test("names the kind, not the resource, in a 422", async () => {
    const { json: answer } = await ask("POST", `${apps}/deployments`, deployment("bare", { selector: null }));
    expect(answer.details).toMatchObject({ name: "bare", group: "apps", kind: "Deployment" });
  });

  test("of a collection holds the preconditions for each object", async () => {
    const options = { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "another" } };
    await ask("POST", `${core}/podtemplates`, { metadata: { name: "stays" }, template: { spec: podSpec } });
    expect((await ask("DELETE", `${core}/podtemplates`, options)).status).toBe(409);
    expect((await ask("GET", `${core}/podtemplates/stays`)).status).toBe(200);
  });
});

describe("what kube-apiserver takes", () => {
  test('version "0" of an update is none, and so is "" in an applied configuration', async () => {
    await ask("POST", `${core}/configmaps`, configMap("versions"));
    const zero = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "versions", resourceVersion: "0" },
    };
    expect((await ask("PUT", `${core}/configmaps/versions`, zero)).status).toBe(200);
    const empty = { ...zero, metadata: { name: "versions", resourceVersion: "", uid: "" } };
    const path = `${core}/configmaps/versions?fieldManager=m`;
    expect((await ask("PATCH", path, empty, apply)).status).toBe(200);
  });

  test("defaults reach fields whose type has no absent value", async () => {
    const service = await ask("POST", `${core}/services`, {
      metadata: { name: "ported" },
      spec: { ports: [{ port: 80 }] },
    });
    expect(service.json.spec?.["ports"]).toEqual([{ port: 80, protocol: "TCP", targetPort: 80 }]);
    const resources = { requests: { cpu: "1" }, limits: { cpu: "2", memory: "1Gi" } };
    const pod = await ask("POST", `${core}/pods`, {
      metadata: { name: "sized" },
      spec: {
        priorityClassName: "system-node-critical",
        containers: [{ ...podSpec.containers[0], resources }],
      },
    });
    expect(pod.json.spec).toMatchObject({
      priority: 2_000_001_000,
      containers: [{ resources: { requests: { cpu: "1", memory: "1Gi" } } }],
    });
    const namespace = await ask("POST", "/api/v1/namespaces", { metadata: { name: "phased" } });
    expect(namespace.json).toMatchObject({ status: { phase: "Active" } });
  });

  test("a pod's labels change with its status, as a kubelet changes a node's", async () => {
    await ask("POST", `${core}/pods`, { metadata: { name: "labelled" }, spec: podSpec });
    const change = {
      metadata: { labels: { a: "b" } },
      spec: { nodeName: "ignored" },
      status: { phase: "Running" },
    };
    const { json: answer } = await ask("PATCH", `${core}/pods/labelled/status`, change, merge);
    expect(answer.metadata?.["labels"]).toEqual({ a: "b" });
    expect(answer.spec?.["nodeName"]).toBeUndefined();
  });

  test("a budget with expressions protects its pods, and a dry run spends none of it", async () => {
    await ask("POST", `${core}/pods`, {
      metadata: { name: "guarded", labels: { tier: "a" } },
      spec: podSpec,
    });
    await ask("PATCH", `${core}/pods/guarded/status`, { status: { phase: "Running" } }, merge);
    const budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    const matchExpressions = [{ key: "tier", operator: "In", values: ["a"] }];
    await ask("POST", budgets, { metadata: { name: "guard" }, spec: { selector: { matchExpressions } } });
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "guarded" } };
    expect((await ask("POST", `${core}/pods/guarded/eviction`, eviction)).status).toBe(429);
    await ask("PATCH", `${budgets}/guard/status`, { status: { disruptionsAllowed: 1 } }, merge);
    const dry = { ...eviction, deleteOptions: { dryRun: ["All"] } };
    expect((await ask("POST", `${core}/pods/guarded/eviction`, dry)).status).toBe(201);
    expect((await ask("GET", `${core}/pods/guarded`)).status).toBe(200);
    expect((await ask("POST", `${core}/pods/guarded/eviction`, eviction)).status).toBe(201);
    expect((await ask("GET", `${core}/pods/guarded`)).status).toBe(404);
  });

  test("a creation in a namespace that ends has the cause that controllers look for", async () => {
    await ask("POST", "/api/v1/namespaces", { metadata: { name: "ending" } });
    const held = { metadata: { name: "held", finalizers: ["example.com/held"] } };
    await ask("POST", "/api/v1/namespaces/ending/configmaps", held);
    await ask("DELETE", "/api/v1/namespaces/ending");
    const { status, json: answer } = await ask(
      "POST",
      "/api/v1/namespaces/ending/configmaps",
      configMap("late"),
    );
    expect([status, answer.details?.causes?.map(({ reason }) => reason)]).toEqual([
      403,
      ["NamespaceTerminating"],
    ]);
    const path = "/api/v1/namespaces/ending/configmaps/held";
    await ask("PATCH", path, { metadata: { finalizers: null } }, merge);
  });
});

test("a definition that cannot be opened is not stored", async () => {
  const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const versions = [
    { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } },
  ];
  const spec = {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "gears", kind: "Gear" },
    versions,
  };
  const bad: readonly (readonly [string, object])[] = [
    ["gears.other.com", spec],
    ["gears.example.com", { ...spec, versions: [] }],
    ["gears.example.com", { ...spec, versions: [{ ...versions[0], storage: false }] }],
    ["gears.example.com", { ...spec, versions: [...versions, { ...versions[0], name: "v2" }] }],
    ["gears.example.com", { ...spec, scope: "Everywhere" }],
    ["gears.example.com", { ...spec, versions: [{ name: "v1", served: true, storage: true }] }],
    ["gears.example.com", { ...spec, names: { plural: "gears" } }],
  ];
  for (const [name, wrong] of bad)
    expect((await ask("POST", definitions, { metadata: { name }, spec: wrong })).status).toBe(422);
  expect((await ask("POST", definitions, { metadata: { name: "gears.example.com" }, spec })).status).toBe(
    201,
  );
  const renamed = await ask(
    "PATCH",
    `${definitions}/gears.example.com`,
    { spec: { scope: "Cluster" } },
    merge,
  );
  expect(renamed.status).toBe(422);
});

test("a custom resource is updated from a version, scaled from 0, and its stored versions stay defined", async () => {
  const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const schema = {
    openAPIV3Schema: {
      type: "object",
      properties: { spec: { type: "object", properties: { replicas: { type: "integer" } } } },
    },
  };
  const subresources = {
    scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
  };
  const version = (name: string, storage: boolean): object => ({
    name,
    served: true,
    storage,
    schema,
    subresources,
  });
  const names = { plural: "wheels", kind: "Wheel" };
  const spec = { group: "example.com", scope: "Namespaced", names, versions: [version("v1", true)] };
  expect((await ask("POST", definitions, { metadata: { name: "wheels.example.com" }, spec })).status).toBe(
    201,
  );
  const wheels = "/apis/example.com/v1/namespaces/default/wheels";
  const wheel = {
    apiVersion: "example.com/v1",
    kind: "Wheel",
    metadata: { name: "w" },
    spec: { replicas: 1 },
  };
  const made = await ask("POST", wheels, wheel);
  const refused = await ask("PUT", `${wheels}/w`, wheel);
  expect([refused.status, refused.json.details?.causes?.[0]?.field]).toEqual([
    422,
    "metadata.resourceVersion",
  ]);
  const { resourceVersion } = made.json.metadata ?? {};
  const versioned = { ...wheel, metadata: { name: "w", resourceVersion } };
  expect((await ask("PUT", `${wheels}/w`, versioned)).status).toBe(200);
  for (const replicas of [-1, 1.5, "2"])
    expect((await ask("PATCH", `${wheels}/w/scale`, { spec: { replicas } }, merge)).status).toBe(422);
  const path = `${definitions}/wheels.example.com`;
  const both = { spec: { versions: [version("v1", false), version("v2", true)] } };
  const switched = await ask("PATCH", path, both, merge);
  expect(switched.json).toMatchObject({ status: { storedVersions: ["v1", "v2"] } });
  const alone = { spec: { versions: [version("v2", true)] } };
  expect((await ask("PATCH", path, alone, merge)).status).toBe(422);
  await ask("PATCH", `${path}/status`, { status: { storedVersions: ["v2"] } }, merge);
  expect((await ask("PATCH", path, alone, merge)).status).toBe(200);
});

test("a document that clients keep has a tag, and is not sent again while it is the same", async () => {
  const discovery = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  for (const [path, accept] of [
    ["/openapi/v2", "application/json"],
    ["/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"],
    ["/openapi/v3", "application/json"],
    ["/openapi/v3/apis/apps/v1", "application/json"],
    ["/apis", discovery],
  ] as const) {
    const first = await fetch(new URL(path, url), { headers: { accept } });
    const etag = first.headers.get("etag") ?? "";
    const [whole, again, other] = [
      await first.arrayBuffer(),
      await fetch(new URL(path, url), { headers: { accept, "if-none-match": etag } }),
      await fetch(new URL(path, url), { headers: { accept, "if-none-match": '"another"' } }),
    ];
    expect([path, etag.length > 2, again.status, (await again.arrayBuffer()).byteLength]).toEqual([
      path,
      true,
      304,
      0,
    ]);
    expect((await other.arrayBuffer()).byteLength).toBe(whole.byteLength);
  }
});
