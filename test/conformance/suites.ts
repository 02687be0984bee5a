/** Every suite over one implementation, on every etcd present. */

import type { Etcd } from "keelson/etcd";
import { afterAll, beforeAll, describe } from "vitest";
import { type LocalEtcd, startLocalEtcd } from "../../src/etcd/local/local-etcd.ts";
import { etcdBinaries } from "../support/etcd/etcd-binaries.ts";
import { connect } from "../support/etcd/etcd-cases.ts";
import { deletesConformance } from "./deletes.ts";
import { type Implementation, machineKind, type Subject, type Suite, widgetKind } from "./implementation.ts";
import { readsConformance } from "./reads.ts";
import { ttlConformance } from "./ttl.ts";
import { viewsAndFaultsConformance } from "./views-and-faults.ts";
import { watchesConformance } from "./watches.ts";
import { writesConformance } from "./writes.ts";

export async function conformance(implementation: Implementation): Promise<void> {
  for (const { version, path } of await etcdBinaries()) {
    let server: LocalEtcd | undefined;
    conformanceOver(implementation, `etcd ${version}`, {
      async open() {
        server = await startLocalEtcd({ binary: path });
        return connect(server.endpoints);
      },
      stop: async () => server?.stop(),
    });
  }
}

/** The same over any etcd. */
export function conformanceOver(
  implementation: Implementation,
  over: string,
  server: { open(): Promise<Etcd>; stop(): Promise<void> },
): void {
  describe(`${implementation.name} on ${over}`, () => {
    let etcd: Etcd | undefined;
    let subject: Subject | undefined;
    let namespaces = 0;

    beforeAll(async () => {
      etcd = await server.open();
      subject = await implementation.open(etcd, [widgetKind, machineKind]);
    });
    afterAll(async () => {
      await subject?.[Symbol.asyncDispose]();
      await etcd?.close();
      await server.stop();
    });

    const open = (): Subject => {
      if (subject === undefined) throw new Error("the subject is not open");
      return subject;
    };
    const suite: Suite = {
      implementation,
      subject: open,
      async freshNamespace() {
        const name = `ns-${++namespaces}`;
        await open().store.namespaces.create({ metadata: { name } });
        return name;
      },
    };
    writesConformance(suite);
    deletesConformance(suite);
    readsConformance(suite);
    watchesConformance(suite);
    viewsAndFaultsConformance(suite);
    ttlConformance(suite);
  });
}
