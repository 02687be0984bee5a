/** Reads long lists in small pages, with pauses in which compaction may remove the rest; it then records EXPIRED. */
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "./client.ts";
import { namespaces, Widget } from "./kinds.ts";

const pageSize = 40;
const pauseMs = 120;
/** Of each page. */
const timeoutMs = 5_000;

export function pagerStep(client: Client): () => Promise<boolean> {
  const widgets = client.kind({
    via: "store",
    plural: "widgets",
    reader: client.store.resources(Widget),
  });
  return async () => {
    const namespace = client.pick(namespaces);
    return (await widgets.pages({ namespace, limit: pageSize, timeoutMs }, () => delay(pauseMs))).ok;
  };
}
