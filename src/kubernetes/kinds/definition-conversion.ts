/**
 * Converts CustomResourceDefinition between its two versions. kube-apiserver still stores v1beta1, which has the common
 * parts of all versions once in spec, and serves only v1, where each version has its own; `kubectl apply` takes v1.
 */
import { type Fields, fieldsOf, listOf, withFields, without } from "./plain-fields.ts";

/** Fields of spec that apply to every version, and their names in a version. */
const shared = [
  ["subresources", "subresources"],
  ["validation", "schema"],
  ["additionalPrinterColumns", "additionalPrinterColumns"],
  ["selectableFields", "selectableFields"],
] as const;

export function definitionToV1(object: Fields): Fields {
  const spec = fieldsOf(object["spec"]);
  const named = spec["version"];
  const listed =
    listOf(spec["versions"]).length > 0 || named === undefined
      ? listOf(spec["versions"])
      : [{ name: named, served: true, storage: true }];
  const versions = listed.map((value) => {
    const version: Record<string, unknown> = { ...fieldsOf(value) };
    for (const [inSpec, inVersion] of shared)
      if (spec[inSpec] !== undefined) version[inVersion] = spec[inSpec];
    return withFields(version, { additionalPrinterColumns: renamedPaths(version, "JSONPath", "jsonPath") });
  });
  const { strategy, webhookClientConfig, conversionReviewVersions, ...rest } = fieldsOf(spec["conversion"]);
  const webhook = withFields({}, { clientConfig: webhookClientConfig, conversionReviewVersions });
  return {
    ...object,
    spec: withFields(without(spec, "version", ...shared.map(([name]) => name)), {
      versions,
      conversion: strategy === undefined ? undefined : withFields({ ...rest, strategy }, { webhook }),
    }),
  };
}

/** The form of a v1 object in etcd, except for the common parts: they stay with each version, which v1beta1 allows. */
export function definitionToV1beta1(object: Fields): Fields {
  const spec = fieldsOf(object["spec"]);
  const versions = listOf(spec["versions"]).map((value) => {
    const version = fieldsOf(value);
    return withFields(version, { additionalPrinterColumns: renamedPaths(version, "jsonPath", "JSONPath") });
  });
  const { strategy, webhook, ...rest } = fieldsOf(spec["conversion"]);
  const { clientConfig, conversionReviewVersions } = fieldsOf(webhook);
  return {
    ...object,
    spec: withFields(spec, {
      version: fieldsOf(versions[0])["name"],
      versions,
      conversion:
        strategy === undefined
          ? undefined
          : withFields(
              { ...rest, strategy },
              { webhookClientConfig: clientConfig, conversionReviewVersions },
            ),
    }),
  };
}

function renamedPaths(version: Fields, from: string, to: string): unknown {
  const columns = version["additionalPrinterColumns"];
  if (!Array.isArray(columns)) return columns;
  return columns.map((value) => {
    const { [from]: path, ...column } = fieldsOf(value);
    return withFields(column, { [to]: path });
  });
}
