/**
 * Another program's values in a store that writes its own form. Opening and health() warn about them, because that
 * program cannot read objects created here. Updates keep the form of a value (`ValueCodec.keepsForm`); `rewrite`
 * converts it.
 */
import type { Codec } from "../codec/form/codec.ts";
import { isWrapped } from "../codec/form/wrapped-value.ts";
import { resourceName } from "../resource/model/define-kind.ts";
import { namespaceKind } from "../resource/model/namespace-kind.ts";
import type { KindHandle } from "./context/kind-handle.ts";
import type { StorageContext } from "./context/storage-context.ts";

const advice =
  "give createStore the codec that program shares: kubernetesCodec() of keelson/kubernetes, or jsonCodec({ raw: true })";

/** Whether no other program can read what this codec writes. */
export function isOwnForm({ format }: Codec): boolean {
  return format === "msgpack" || format === "json";
}

/** The kinds read so far with such values, one line each. */
export function foreignValueProblems(handles: readonly KindHandle[]): readonly string[] {
  return handles.flatMap(({ codec, definition }) => {
    const { foreignRead } = codec.stats();
    return foreignRead === 0
      ? []
      : [
          `${definition.resource}: ${foreignRead} reads met values of another program (plain JSON), which updates keep, and new objects are in keelson's own form, which it cannot read: ${advice}`,
        ];
  });
}

/** Reads the first namespace, which every cluster has. Undefined: no warning. */
export async function foreignValueWarning(
  { etcd, keys }: StorageContext,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { key, rangeEnd, prefix } = keys.range({
    ...namespaceKind,
    resource: resourceName(namespaceKind),
  });
  const { kvs } = await etcd.kv.range({ key, rangeEnd, limit: 1 }, { signal });
  const value = kvs[0]?.value;
  if (value === undefined) return undefined;
  const start = Buffer.from(value.subarray(0, 4)).toString("latin1");
  const form =
    start === "k8s\0"
      ? "Kubernetes' protobuf"
      : isWrapped(value)
        ? "encrypted by Kubernetes"
        : start.startsWith("{")
          ? "plain JSON"
          : undefined;
  if (form === undefined) return undefined;
  return `the objects at ${JSON.stringify(prefix.slice(0, -"namespaces/".length))} are another program's (${form}), and this store writes keelson's own form, which that program cannot read: ${advice}`;
}
