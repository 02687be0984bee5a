/** What the verbs need: created once at the start and passed to each request. */
import type { CachedStores } from "keelson";
import type { Access } from "../access/access.ts";
import type { ServiceAccountTokens } from "../access/service-account-tokens.ts";
import type { CustomDefinitions } from "../custom/definitions.ts";
import type { OpenApi } from "../openapi/documents.ts";
import type { Catalog } from "./catalog.ts";

export interface ServerParts {
  readonly store: CachedStores;
  readonly catalog: Catalog;
  readonly custom: CustomDefinitions;
  readonly openApi: OpenApi;
  readonly access: Access;
  readonly tokens: ServiceAccountTokens;
  /** The metrics of the store, in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  /** Aborted when the server stops: watches end. */
  readonly stopping: AbortSignal;
}
