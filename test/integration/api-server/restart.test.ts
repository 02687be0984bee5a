/** What the example API server finds in etcd when it starts: objects that an older server, or another program, stored. */
import { createStore, type Draft, type Resource } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { kubernetesCodec, kubernetesKind } from "keelson/kubernetes";
import { expect, test } from "vitest";
import { buildProject, startProgram } from "../../support/project-run.ts";

test("neither a definition that cannot be opened nor an unreadable object makes a server useless", async () => {
  await buildProject();
  await using local = await startLocalEtcd();
  const endpoints = [...local.endpoints];
  {
    const kind = kubernetesKind("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    await using etcd = await connectEtcd({ endpoints });
    const [key, value] = ["/registry/configmaps/default/broken", "no object"].map((text) =>
      Buffer.from(text),
    );
    if (key !== undefined && value !== undefined) await etcd.kv.put({ key, value });
    await using store = await createStore({ etcd, kinds: [kind], codec: kubernetesCodec() });
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    for (const [plural, kindName, storage] of [
      ["bolts", "Bolt", false],
      ["gears", "Gear", true],
    ] as const) {
      const names = { plural, singular: kindName.toLowerCase(), kind: kindName };
      const versions = [{ name: "v1", served: true, storage, schema }];
      const spec = { group: "example.com", scope: "Cluster", names, versions };
      const draft = { metadata: { name: `${plural}.example.com` }, spec };
      await store.resources(kind).create(draft as Draft<Resource>);
    }
  }
  const args = ["--serve", "--port", "0", "--endpoints", endpoints.join(",")];
  const server = await startProgram("dist/examples/api-server/main.js", args);
  const url = (await server.said(/serving on (http:\S+)/))[1] ?? "";
  expect((await fetch(`${url}/apis/example.com/v1/gears`)).status).toBe(200);
  expect((await fetch(`${url}/apis/example.com/v1/bolts`)).status).toBe(404);
  expect((await fetch(`${url}/api/v1/configmaps`)).status).toBe(500);
  expect(await (await fetch(`${url}/readyz`)).text()).toBe("ok");
  expect(await (await fetch(`${url}/readyz?verbose`)).text()).toMatch(/cannot read.*\nok$/s);
  server.child.kill("SIGTERM");
  expect((await server.ended()).code).toBe(0);
}, 300_000);
