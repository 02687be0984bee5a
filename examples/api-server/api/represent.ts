/**
 * The forms in which a kind is served: JSON, Kubernetes' protobuf or YAML; whole objects, table rows, or metadata
 * alone. They are created once per kind, so each version of an object is encoded once for all readers of a form.
 */

import type { AnyResource, Resource } from "keelson";
import {
  jsonRepresentation,
  metadataRepresentation,
  negotiate,
  protobufRepresentation,
  type Representation,
  tableRepresentation,
  yamlRepresentation,
} from "keelson/http";
import { encodeKubernetesProtobuf, hasKubernetesProtobuf } from "keelson/kubernetes";
import { stringify } from "yaml";
import { columnsOf } from "../print/columns.ts";
import { Refusal } from "./refusal.ts";
import { apiVersionOf, type Served } from "./served.ts";

type Include = "None" | "Metadata" | "Object";

/** Fields unknown to the stored kind were removed before the write; fields of a newer server are removed here. */
const leaveOut = { onUnknownMember: () => {} };

const encode = (object: Resource): Uint8Array => encodeKubernetesProtobuf(object as AnyResource, leaveOut);

class Forms {
  readonly #served: Served;
  readonly #plain: readonly Representation[];
  readonly #tables = new Map<Include, Representation>();

  constructor(served: Served) {
    this.#served = served;
    this.#plain = [
      jsonRepresentation(served),
      ...(hasKubernetesProtobuf(apiVersionOf(served), served.kind)
        ? [protobufRepresentation(served, encode)]
        : []),
      metadataRepresentation(),
      yamlRepresentation(served, (value) => stringify(value)),
    ];
  }

  with(include: Include): readonly Representation[] {
    let table = this.#tables.get(include);
    if (table === undefined) {
      table = tableRepresentation(columnsOf(this.#served), include);
      this.#tables.set(include, table);
    }
    return [...this.#plain, table];
  }
}

const forms = new WeakMap<Served, Forms>();

/** The form that an Accept header requests. @throws Refusal 406 */
export function formOf(
  served: Served,
  accept: string | undefined,
  query: URLSearchParams,
  purpose: "read" | "watch" = "read",
): Representation {
  let known = forms.get(served);
  if (known === undefined) {
    known = new Forms(served);
    forms.set(served, known);
  }
  const asked = query.get("includeObject");
  const include = asked === "None" || asked === "Object" ? asked : "Metadata";
  const found = negotiate(accept, known.with(include), purpose);
  if (found !== undefined) return found;
  throw new Refusal(
    406,
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  );
}

const anything = { group: "", version: "v1", kind: "Status" };
const documentForms: readonly Representation[] = [
  jsonRepresentation(anything),
  protobufRepresentation(anything, encode),
  yamlRepresentation(anything, (value) => stringify(value)),
];

/** The form of a Status or another object that belongs to no kind; JSON if the client accepts none of them. */
export const documentForm = (accept: string | undefined): Representation =>
  negotiate(accept, documentForms) ?? (documentForms[0] as Representation);
