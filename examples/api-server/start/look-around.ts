/** Does what a controller does, with plain HTTP: list, watch from the list's version, and see its own write arrive. */
interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName?: string };
}

export async function lookAround(url: string): Promise<void> {
  const json = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
  const { resources } = (await json("/api/v1")) as { resources: readonly unknown[] };
  console.log(`${resources.length} resources in the core group`);
  const path = "/api/v1/namespaces/default/pods";
  const list = (await json(path)) as { items: unknown[]; metadata: { resourceVersion: string } };
  console.log(`${list.items.length} pods at version ${list.metadata.resourceVersion}`);
  const watch = await fetch(`${url}${path}?watch=true&resourceVersion=${list.metadata.resourceVersion}`);
  const containers = [{ name: "web", image: "nginx:1.27" }];
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web" },
    spec: { nodeName: "node-1", containers },
  };
  const create = (): Promise<Response> =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(pod),
    });
  console.log(`create: ${(await create()).status}`);
  const again = await create();
  const { reason, message } = (await again.json()) as { reason: string; message: string };
  console.log(`create again: ${again.status} ${reason}, ${message}`);
  const reader = watch.body?.pipeThrough(new TextDecoderStream()).getReader();
  const line = (await reader?.read())?.value ?? "";
  const event = JSON.parse(line) as { type: string; object: Pod };
  console.log(`watch: ${event.type} ${event.object.metadata.name} on ${event.object.spec.nodeName}`);
  await reader?.cancel();
  const onNode = (await json("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1")) as { items: unknown[] };
  console.log(`pods on node-1: ${onNode.items.length}`);
}
