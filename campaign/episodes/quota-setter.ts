/**
 * A process that sets one quota repeatedly, with and without a limit that has to be counted, until it is killed
 * (quota-setters.ts). It does not know the counted kind: its store has another kind.
 */
import { createStore, isStoreError } from "keelson";
import { jsonCodec, msgpackCodec } from "keelson/codec";
import { connectEtcd } from "keelson/etcd";
import { Slip, setterHard } from "./quota-setters.ts";

const { endpoints, codec } = JSON.parse(process.argv[2] ?? "{}") as {
  readonly endpoints: readonly string[];
  readonly codec: "json" | "msgpack";
};
await using etcd = await connectEtcd({ endpoints });
await using store = await createStore({
  etcd,
  kinds: [Slip],
  codec: codec === "json" ? jsonCodec() : msgpackCodec(),
  namespaces: "open",
  compaction: false,
});
process.send?.("setting");
for (let turn = 0; ; turn++) {
  try {
    await store.quotas.set("default", { hard: setterHard(turn % 2 === 0) });
  } catch (error) {
    // Another setter was faster, or a response was lost: like a controller, it sets the quota again.
    if (!isStoreError(error, "CONFLICT", "OUTCOME_UNKNOWN", "UNAVAILABLE", "DEADLINE")) throw error;
  }
}
