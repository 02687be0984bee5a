/**
 * The OpenAPI documents: one of version 2 for everything, one of version 3 for each group and version. They are built
 * on the first request, and again when the served resources change.
 */
import { createHash } from "node:crypto";
import { type MergeSchema, openApiMergeSchema } from "keelson/http";
import type { Catalog } from "../api/catalog.ts";
import { release } from "../api/release.ts";
import { apiVersionOf, type Served } from "../api/served.ts";
import type { Json } from "../defaults/rules.ts";
import { customSchemas } from "./custom-schemas.ts";
import { builtinSchemas, gvkExtension, lookupIn, type Schemas, v3SchemaOf } from "./definitions.ts";
import { type Operation, operationHead, type Path, patchTypesOf, pathsOf } from "./paths.ts";

const info = { title: "Kubernetes", version: release.gitVersion };

export class OpenApi {
  readonly #catalog: Catalog;
  #seen: readonly Served[] = [];
  #schemas: Schemas = new Map();
  readonly #byKind = new Map<string, string>();
  readonly #made = new Map<string, unknown>();
  readonly #mergeSchemas = new Map<string, MergeSchema>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** The schema of a kind and its name. */
  schemaOf({ group, version, kind }: Pick<Served, "group" | "version" | "kind">): Json | undefined {
    this.#refresh();
    return this.#schemas.get(this.#byKind.get(`${group}/${version}/${kind}`) ?? "");
  }

  /** The merge schema of a kind; cached, because it is built lazily as its parts are read. */
  mergeSchemaOf(kind: Pick<Served, "group" | "version" | "kind">): MergeSchema {
    this.#refresh();
    const key = kindKey(kind);
    const known =
      this.#mergeSchemas.get(key) ?? openApiMergeSchema(this.schemaOf(kind), lookupIn(this.#schemas));
    this.#mergeSchemas.set(key, known);
    return known;
  }

  /** /openapi/v3: the list of documents. */
  v3Index(): Json {
    this.#refresh();
    const roots = [...new Set(this.#seen.map(rootOf))];
    const paths = roots.map((root) => {
      const hash = createHash("sha256")
        .update(JSON.stringify(this.v3(root)))
        .digest("hex")
        .slice(0, 32)
        .toUpperCase();
      return [root, { serverRelativeURL: `/openapi/v3/${root}?hash=${hash}` }];
    });
    return { paths: Object.fromEntries(paths) as Json };
  }

  /** The document of "api/v1" or "apis/GROUP/VERSION"; undefined: no resource is served there. */
  v3(root: string): Json | undefined {
    this.#refresh();
    const served = this.#seen.filter((one) => rootOf(one) === root);
    if (served.length === 0) return undefined;
    return this.#once(root, () => {
      const schemas = this.#reachable(served.map((one) => this.#byKind.get(kindKey(one)) ?? ""));
      return {
        openapi: "3.0.0",
        info,
        paths: Object.fromEntries(served.flatMap(pathsOf).map((path) => [path.path, this.#v3Path(path)])),
        components: { schemas: v3SchemaOf(Object.fromEntries(schemas)) as Json },
      };
    });
  }

  v2(): Json {
    this.#refresh();
    return this.#once("v2", () => ({
      swagger: "2.0",
      info,
      paths: Object.fromEntries(this.#seen.flatMap(pathsOf).map((path) => [path.path, this.#v2Path(path)])),
      definitions: Object.fromEntries(this.#schemas),
    }));
  }

  #once(key: string, make: () => Json): Json {
    const known = this.#made.get(key);
    if (known !== undefined) return known as Json;
    const made = make();
    this.#made.set(key, made);
    return made;
  }

  #refresh(): void {
    const { all } = this.#catalog;
    if (all === this.#seen) return;
    this.#made.clear();
    this.#mergeSchemas.clear();
    this.#byKind.clear();
    this.#schemas = new Map([...builtinSchemas(all), ...customSchemas(all)]);
    for (const [name, schema] of this.#schemas) {
      for (const gvk of (schema[gvkExtension] ?? []) as Pick<Served, "group" | "version" | "kind">[]) {
        this.#byKind.set(kindKey(gvk), name);
      }
    }
    this.#seen = all;
  }

  /** Schemas by name, with all they refer to. */
  #reachable(names: readonly string[]): Map<string, Json> {
    const found = new Map<string, Json>();
    const left = [...names];
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const schema = found.has(name) ? undefined : this.#schemas.get(name);
      if (schema === undefined) continue;
      found.set(name, schema);
      for (const [, other = ""] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g))
        left.push(other);
    }
    return found;
  }

  #reference(path: Path, what: NonNullable<Operation["body"]> | Operation["answers"], prefix: string): Json {
    const { kind } = path.served;
    const own = this.#byKind.get(kindKey(path.served));
    const list = this.#byKind.get(kindKey({ ...path.served, kind: `${kind}List` }));
    const meta = (name: string): string => `io.k8s.apimachinery.pkg.apis.meta.v1.${name}`;
    const name = {
      object: own,
      list,
      status: meta("Status"),
      patch: meta("Patch"),
      options: meta("DeleteOptions"),
    }[what];
    return name === undefined ? { type: "object" } : { $ref: prefix + name };
  }

  #v3Path(path: Path): Json {
    const parameter = (name: string, place: string, required: boolean): Json => ({
      name,
      in: place,
      ...(required ? { required } : {}),
      schema: { type: "string", uniqueItems: true },
    });
    const prefix = "#/components/schemas/";
    const operations = path.operations.map((operation) => {
      const { query, body, answers, method } = operation;
      const content = (schema: Json, types: readonly string[]): Json =>
        Object.fromEntries(types.map((type) => [type, { schema }]));
      const taken =
        body === undefined
          ? undefined
          : content(
              this.#reference(path, body, prefix),
              body === "patch" ? patchTypesOf(path.served) : ["*/*"],
            );
      const answer = content(this.#reference(path, answers, prefix), [
        "application/json",
        "application/yaml",
        "application/vnd.kubernetes.protobuf",
      ]);
      return [
        method,
        {
          ...operationHead(operation, path),
          parameters: query.map((name) => parameter(name, "query", false)),
          ...(taken === undefined ? {} : { requestBody: { content: taken } }),
          responses: { 200: { description: "OK", content: answer } },
        },
      ];
    });
    return {
      ...(Object.fromEntries(operations) as Json),
      parameters: path.parameters.map((name) => parameter(name, "path", true)),
    };
  }

  #v2Path(path: Path): Json {
    const prefix = "#/definitions/";
    const parameter = (name: string, place: string): Json => ({
      name,
      in: place,
      type: "string",
      uniqueItems: true,
      ...(place === "path" ? { required: true } : {}),
    });
    const operations = path.operations.map((operation) => {
      const { query, body, answers, method } = operation;
      const taken =
        body === undefined ? [] : [{ name: "body", in: "body", schema: this.#reference(path, body, prefix) }];
      return [
        method,
        {
          ...operationHead(operation, path),
          consumes: body === "patch" ? patchTypesOf(path.served) : ["*/*"],
          produces: ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"],
          parameters: [...taken, ...query.map((name) => parameter(name, "query"))],
          responses: { 200: { description: "OK", schema: this.#reference(path, answers, prefix) } },
        },
      ];
    });
    return {
      ...(Object.fromEntries(operations) as Json),
      parameters: path.parameters.map((name) => parameter(name, "path")),
    };
  }
}

const kindKey = ({ group, version, kind }: Pick<Served, "group" | "version" | "kind">): string =>
  `${group}/${version}/${kind}`;
const rootOf = (served: Served): string => `${served.group === "" ? "api" : "apis"}/${apiVersionOf(served)}`;
