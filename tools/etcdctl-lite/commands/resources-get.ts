/** `resources get`: objects of a keelson store, decoded, whatever codec wrote them. */
import type { Command } from "../frame/command.ts";
import { badArguments } from "../frame/failure.ts";
import { kindFlag, kindOf } from "../frame/known-kinds.ts";
import { openStore, storeFlags } from "../frame/store-flags.ts";
import { alignColumns } from "../text/table.ts";

export const command: Command = {
  usage: "<resource> [name] [options]",
  flags: [
    ...storeFlags,
    kindFlag,
    { name: "field-selector", type: "text", summary: "e.g. metadata.name=web-1" },
    { name: "namespace", short: "n", type: "text", summary: "default: all namespaces" },
    { name: "output", short: "o", type: "text", fallback: "wide", summary: "wide, name, json or yaml" },
    { name: "selector", short: "l", type: "text", summary: "label selector, e.g. app=web,tier!=cache" },
  ],
  examples: [
    ["resources get pods -n default -l app=web", "a table"],
    ["resources get deployments.apps web -n shop -o yaml", "one object, whole"],
  ],
  async run(session) {
    const { flags, io } = session;
    const [resource, name] = session.args;
    if (resource === undefined) throw badArguments("resources get needs a resource such as pods");
    const kind = await kindOf(resource, flags);
    await using store = await openStore(session, [kind]);
    const fields = flags.text("field-selector");
    const { items } = await store.resources(kind).list({
      namespace: flags.text("namespace") || undefined,
      labelSelector: flags.text("selector") || undefined,
      fieldSelector: name === undefined ? fields || undefined : `metadata.name=${name}`,
      signal: io.signal,
    });
    switch (flags.text("output")) {
      case "json":
        return session.line(JSON.stringify(items, null, 2));
      case "yaml": {
        const { stringify } = await import("yaml");
        for (const item of items) io.stdout.write(`---\n${stringify(item)}`);
        return;
      }
      case "name":
        for (const { metadata } of items) session.line(`${resource}/${metadata.name}`);
        return;
      default: {
        const rows = items.map(({ metadata }) => [
          metadata.namespace ?? "",
          metadata.name,
          metadata.creationTimestamp,
          metadata.resourceVersion,
          Object.entries(metadata.labels ?? {})
            .map(([key, value]) => `${key}=${value}`)
            .join(","),
        ]);
        io.stdout.write(alignColumns([["NAMESPACE", "NAME", "CREATED", "VERSION", "LABELS"], ...rows]));
      }
    }
  },
};
