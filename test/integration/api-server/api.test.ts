/** What clients rely on besides reading and writing, over HTTP: validation, apply, custom resources, subresources, collection. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeKubernetes, encodeKubernetesProtobuf } from "../../../src/kubernetes/index.ts";
import type { AnyResource } from "../../../src/resource/model/resource.ts";
import { buildProject, type ProgramRun, startProgram } from "../../support/project-run.ts";

let server: ProgramRun;
let url = "";

beforeAll(async () => {
  await buildProject();
  server = await startProgram("dist/examples/api-server/main.js", ["--serve", "--port", "0"]);
  url = (await server.said(/serving on (http:\S+)/))[1] ?? "";
}, 300_000);
afterAll(async () => {
  server.child.kill("SIGTERM");
  expect((await server.ended()).code).toBe(0);
});

interface Answer {
  readonly status: number;
  readonly warning: string | null;
  readonly body: AnyResource & { readonly message?: string; readonly items?: readonly AnyResource[] };
}

async function ask(method: string, path: string, body?: unknown, type = "application/json"): Promise<Answer> {
  const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, { method, headers: { "content-type": type }, ...sent });
  const text = await response.text();
  return {
    status: response.status,
    warning: response.headers.get("warning"),
    body: JSON.parse(text) as Answer["body"],
  };
}

/** Waits for what the server does by itself. */
async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((later) => setTimeout(later, 20));
}

const pods = "/api/v1/namespaces/default/pods";
const configMaps = "/api/v1/namespaces/default/configmaps";
const pod = (name: string, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, ...more },
  spec: { containers: [{ name: "web", image: "nginx:1.27" }] },
});

describe("the example API server", () => {
  test("tells unknown and repeated fields as fieldValidation asks", async () => {
    const text =
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"fields"},"bogus":1,"data":{"a":"1","a":"2"}}';
    const strict = await ask("POST", `${configMaps}?fieldValidation=Strict`, text);
    expect(strict.status).toBe(400);
    expect(strict.body.message).toContain('unknown field "bogus", duplicate field "data.a"');
    const warned = await ask("POST", `${configMaps}?fieldValidation=Warn`, text);
    expect({ status: warned.status, data: warned.body["data"], bogus: warned.body["bogus"] }).toEqual({
      status: 201,
      data: { a: "2" },
      bogus: undefined,
    });
    expect(warned.warning).toContain("unknown field");
    const wrong = await ask("POST", configMaps, { metadata: { name: "wrong" }, data: { a: 1 } });
    expect(wrong.status).toBe(400);
    expect(wrong.body.message).toMatch(/^ConfigMap in version "v1" cannot be handled as a ConfigMap: /);
  });

  test("warns of a field in any script", async () => {
    const given = { metadata: { name: "scripts" }, 很长: 1 };
    const { status, warning } = await ask("POST", `${configMaps}?fieldValidation=Warn`, given);
    expect(status).toBe(201);
    expect(Buffer.from(warning ?? "", "latin1").toString()).toMatch(/unknown field .*很长/);
  });

  test("takes and gives Kubernetes' protobuf", async () => {
    const type = "application/vnd.kubernetes.protobuf";
    const sent = encodeKubernetesProtobuf(pod("binary") as AnyResource);
    const response = await fetch(`${url}${pods}`, {
      method: "POST",
      headers: { "content-type": type, accept: type },
      body: Buffer.from(sent),
    });
    expect({ status: response.status, type: response.headers.get("content-type") }).toEqual({
      status: 201,
      type,
    });
    const created = decodeKubernetes(new Uint8Array(await response.arrayBuffer()));
    expect(created).toMatchObject({
      kind: "Pod",
      metadata: { name: "binary" },
      spec: { restartPolicy: "Always" },
      status: { phase: "Pending", qosClass: "BestEffort" },
    });
  });

  test("applies on the server's side: a field of another manager is a conflict until it is forced", async () => {
    const type = "application/apply-patch+yaml";
    const config = (value: string): object => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "applied" },
      data: { colour: value },
    });
    const path = `${configMaps}/applied`;
    expect((await ask("PATCH", `${path}?fieldManager=one`, config("red"), type)).status).toBe(201);
    const conflict = await ask("PATCH", `${path}?fieldManager=two`, config("blue"), type);
    expect(conflict.status).toBe(409);
    expect(conflict.body.message).toBe('Apply failed with 1 conflict: conflict with "one": .data.colour');
    const forced = await ask("PATCH", `${path}?fieldManager=two&force=true`, config("blue"), type);
    expect(forced.body["data"]).toEqual({ colour: "blue" });
  });

  test("serves a custom resource as soon as its definition is there, in every version", async () => {
    const schema = {
      type: "object",
      properties: {
        spec: {
          type: "object",
          required: ["size"],
          properties: { size: { type: "integer", minimum: 1 }, colour: { type: "string", default: "red" } },
        },
      },
    };
    const version = (name: string, storage: boolean): object => ({
      name,
      served: true,
      storage,
      schema: { openAPIV3Schema: schema },
    });
    const names = { plural: "widgets", kind: "Widget" };
    const spec = {
      group: "example.com",
      scope: "Namespaced",
      names,
      versions: [version("v1", true), version("v1beta1", false)],
    };
    const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    expect((await ask("POST", definitions, { metadata: { name: "widgets.example.com" }, spec })).status).toBe(
      201,
    );
    const widgets = "/apis/example.com/v1/namespaces/default/widgets";
    const made = await ask("POST", widgets, {
      apiVersion: "example.com/v1",
      kind: "Widget",
      metadata: { name: "w" },
      spec: { size: 3, bogus: true },
    });
    expect(made.body["spec"]).toEqual({ size: 3, colour: "red" });
    const refused = await ask("POST", widgets, { metadata: { name: "x" }, spec: { size: 0 } });
    expect({ status: refused.status, message: refused.body.message }).toEqual({
      status: 422,
      message: expect.stringContaining("spec.size") as string,
    });
    const older = await ask("GET", widgets.replace("/v1/", "/v1beta1/"));
    expect(older.body.items?.map(({ apiVersion }) => apiVersion)).toEqual(["example.com/v1beta1"]);
    await ask("DELETE", `${definitions}/widgets.example.com`);
    expect((await ask("GET", widgets)).status).toBe(404);
  });

  test("binds a pod once, and evicts it only as its budget allows", async () => {
    await ask("POST", pods, pod("bound", { labels: { app: "bound" } }));
    const binding = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name: "bound" },
      target: { kind: "Node", name: "node-1" },
    };
    expect((await ask("POST", `${pods}/bound/binding`, binding)).status).toBe(201);
    const again = await ask("POST", `${pods}/bound/binding`, binding);
    expect({ status: again.status, message: again.body.message }).toEqual({
      status: 409,
      message:
        'Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "node-1"',
    });
    const merge = "application/merge-patch+json";
    await ask("PATCH", `${pods}/bound/status`, { status: { phase: "Running" } }, merge);
    const budgets = "/apis/policy/v1beta1/namespaces/default/poddisruptionbudgets";
    await ask("POST", budgets, {
      metadata: { name: "all" },
      spec: { minAvailable: 1, selector: { matchLabels: { app: "bound" } } },
    });
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "bound" } };
    expect((await ask("POST", `${pods}/bound/eviction`, eviction)).status).toBe(429);
    await ask("PATCH", `${budgets}/all/status`, { status: { disruptionsAllowed: 1 } }, merge);
    expect((await ask("POST", `${pods}/bound/eviction`, eviction)).status).toBe(201);
    expect((await ask("GET", `${pods}/bound`)).status).toBe(404);
  });

  test("collects what a deleted owner leaves, or lets it go, as the deletion asks", async () => {
    const labels = { app: "owner" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "web", image: "nginx:1.27" }] } };
    const sets = "/apis/apps/v1/namespaces/default/replicasets";
    for (const [policy, survives] of [
      ["Background", false],
      ["Foreground", false],
      ["Orphan", true],
    ] as const) {
      const name = `owner-${policy.toLowerCase()}`;
      const owner = await ask("POST", sets, {
        metadata: { name },
        spec: { replicas: 0, selector: { matchLabels: labels }, template },
      });
      const reference = {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        name,
        uid: owner.body.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      };
      await ask("POST", pods, pod(name, { ownerReferences: [reference] }));
      await ask("DELETE", `${sets}/${name}`, {
        kind: "DeleteOptions",
        apiVersion: "v1",
        propagationPolicy: policy,
      });
      await until(async () => (await ask("GET", `${sets}/${name}`)).status === 404);
      if (!survives) await until(async () => (await ask("GET", `${pods}/${name}`)).status === 404);
      else expect((await ask("GET", `${pods}/${name}`)).body.metadata.ownerReferences ?? []).toEqual([]);
    }
  }, 60_000);

  test("gives every service an address of its own, and takes it back", async () => {
    const services = "/api/v1/namespaces/default/services";
    const service = (name: string): object => ({ metadata: { name }, spec: { ports: [{ port: 80 }] } });
    const made = await Promise.all(["a", "b", "c"].map((name) => ask("POST", services, service(name))));
    const addresses = made.map(({ body }) => (body["spec"] as { clusterIP: string }).clusterIP);
    expect(new Set(addresses).size).toBe(3);
    const addressPath = `/apis/networking.k8s.io/v1/ipaddresses/${addresses[0]}`;
    expect((await ask("GET", addressPath)).status).toBe(200);
    await ask("DELETE", `${services}/a`);
    await until(async () => (await ask("GET", addressPath)).status === 404);
  }, 60_000);

  test("serves one watch its rows with ages, and the same objects to another in their older version", async () => {
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const table = (await (await fetch(`${url}${pods}`, { headers: { accept } })).json()) as {
      columnDefinitions: readonly { name: string }[];
      rows: readonly { cells: readonly unknown[] }[];
    };
    expect(table.columnDefinitions.map(({ name }) => name).slice(0, 5)).toEqual([
      "Name",
      "Ready",
      "Status",
      "Restarts",
      "Age",
    ]);
    const row = table.rows.find(({ cells }) => cells[0] === "binary");
    expect(row?.cells.slice(0, 4)).toEqual(["binary", "0/1", "Pending", "0"]);
    expect(row?.cells[4]).toMatch(/^\d+[smh]/);
    const event = {
      metadata: { name: "e" },
      involvedObject: { kind: "Pod", name: "binary" },
      reason: "Tried",
      message: "it was",
    };
    await ask("POST", "/api/v1/namespaces/default/events", event);
    const { body } = await ask("GET", "/apis/events.k8s.io/v1/namespaces/default/events/e");
    expect(body).toMatchObject({
      apiVersion: "events.k8s.io/v1",
      regarding: { name: "binary" },
      note: "it was",
    });
  });
});
