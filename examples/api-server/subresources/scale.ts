/** The scale of a workload: its replicas as a separate object, the same for every kind of workload. */
import type { Kind } from "keelson";
import type { Exchange } from "../api/exchange.ts";
import { invalid, notFoundHere } from "../api/refusal.ts";
import type { Target } from "../api/route.ts";
import type { ServerParts } from "../api/server-parts.ts";
import { type Answer, changeObject, keyOf, storeOf } from "../api/write.ts";
import { at, isJson, type Json, objectAt } from "../defaults/rules.ts";
import { selectorQuery } from "./selector-query.ts";

type ScalePaths = NonNullable<Kind["scale"]>;

const pathsOf = ({ served }: Target): ScalePaths => {
  const paths = served.stored?.scale;
  if (paths === undefined) throw notFoundHere();
  return paths;
};

export async function readScale(parts: ServerParts, exchange: Exchange, target: Target): Promise<Answer> {
  const object = await storeOf(parts, target.served).get(keyOf(target), { signal: exchange.signal });
  return { httpStatus: 200, object: scaleOf(object as unknown as Json, pathsOf(target)) };
}

/** `change` turns the current scale into the one that the client's PUT or PATCH requests. */
export async function changeScale(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  change: (scale: Json) => Json,
): Promise<Answer> {
  const paths = pathsOf(target);
  const whole = { ...target, subresource: undefined };
  const { object } = await changeObject(parts, exchange, whole, (current) => {
    const wanted = change(scaleOf(current, paths));
    const replicas = at(wanted, "spec.replicas") ?? 0;
    if (!Number.isInteger(replicas) || Number(replicas) < 0) {
      const message = `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`;
      const scale = { group: "autoscaling", kind: "Scale" };
      throw invalid(scale, target.name ?? "", [{ field: "spec.replicas", message }]);
    }
    const version = at(wanted, "metadata.resourceVersion");
    const metadata = { ...objectAt(current, "metadata"), ...(version ? { resourceVersion: version } : {}) };
    return withValue({ ...current, metadata }, paths.specReplicas.split("."), replicas);
  });
  return { httpStatus: 200, object: scaleOf(object, paths) };
}

function scaleOf(object: Json, { specReplicas, statusReplicas, selector }: ScalePaths): Json {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = objectAt(object, "metadata");
  const selected = selector === undefined ? undefined : at(object, selector);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: at(object, specReplicas) ?? 0 },
    status: {
      replicas: at(object, statusReplicas) ?? 0,
      ...(selected === undefined ? {} : { selector: selectorQuery(selected) }),
    },
  };
}

function withValue(object: Json, path: readonly string[], value: unknown): Json {
  const [name, ...rest] = path;
  if (name === undefined) return object;
  const inner = object[name];
  return {
    ...object,
    [name]: rest.length === 0 ? value : withValue(isJson(inner) ? inner : {}, rest, value),
  };
}
