/** Documents about the API: discovery, aggregated if the client accepts it, and OpenAPI; and the metrics. */

import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { sendBytes } from "keelson/http";
import { encodeOpenApiV2 } from "../openapi/v2-protobuf.ts";
import { aggregatedDiscovery, discoveryOf } from "./discovery.ts";
import type { Exchange } from "./exchange.ts";
import type { ServerParts } from "./server-parts.ts";
import { send } from "./wire.ts";

/** False: the path has no document. */
export async function documentAt(
  { catalog, openApi, metrics }: ServerParts,
  { request, response, pathname }: Exchange,
): Promise<boolean> {
  if (pathname === "/metrics") {
    const type = "text/plain; version=0.0.4; charset=utf-8";
    await sendBytes(response, 200, type, Buffer.from(await metrics()), {
      acceptEncoding: request.headers["accept-encoding"],
    });
    return true;
  }
  const version = aggregatedVersion(request.headers.accept);
  if (version !== undefined && (pathname === "/api" || pathname === "/apis")) {
    const document = aggregatedDiscovery(catalog.all, pathname, `apidiscovery.k8s.io/${version}`);
    const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList` as const;
    await sendTagged(request, response, type, Buffer.from(JSON.stringify(document)));
    return true;
  }
  if (pathname === "/openapi/v2" && /proto-openapi.*protobuf/.test(request.headers.accept ?? "")) {
    const type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    await sendTagged(request, response, type, encodeOpenApiV2(openApi.v2()));
    return true;
  }
  const document =
    pathname === "/openapi/v2"
      ? openApi.v2()
      : pathname.startsWith("/openapi/v3")
        ? openApiV3(openApi, pathname)
        : pathname === "/"
          ? { paths: pathsOf(catalog.all) }
          : discoveryOf(catalog.all, pathname);
  if (document === undefined) return false;
  if (pathname.startsWith("/openapi/"))
    await sendTagged(request, response, "application/json", Buffer.from(JSON.stringify(document)));
  else await send(request, response, 200, document);
  return true;
}

/** Sends a document that clients keep: they ask again with its tag, and 304 says that theirs is still right. */
async function sendTagged(
  request: IncomingMessage,
  response: ServerResponse,
  contentType: `${string}/${string}`,
  body: Uint8Array,
): Promise<void> {
  const etag = `"${createHash("sha256").update(body).digest("hex").toUpperCase()}"`;
  const headers = { etag, vary: "Accept, Accept-Encoding" };
  const known = request.headers["if-none-match"] ?? "";
  if (known.split(",").some((one) => one.trim().replace(/^W\//, "") === etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  await sendBytes(response, 200, contentType, body, {
    acceptEncoding: request.headers["accept-encoding"],
    headers,
  });
}

/** The first version of aggregated discovery that the client accepts; undefined: it asks for the older documents. */
function aggregatedVersion(accept = ""): string | undefined {
  for (const range of accept.split(",")) {
    const parameters = new Map(
      range.split(";").map((part) => [part.split("=")[0]?.trim(), part.split("=")[1]?.trim()]),
    );
    const version = parameters.get("v") ?? "";
    if (parameters.get("as") === "APIGroupDiscoveryList" && /^v2(?:beta1)?$/.test(version)) return version;
  }
  return undefined;
}

function pathsOf(all: ServerParts["catalog"]["all"]): readonly string[] {
  const groups = all
    .filter(({ group }) => group !== "")
    .flatMap(({ group, version }) => [`/apis/${group}`, `/apis/${group}/${version}`]);
  return [
    ...new Set([
      "/api",
      "/api/v1",
      "/apis",
      ...groups,
      "/healthz",
      "/livez",
      "/metrics",
      "/openapi/v2",
      "/openapi/v3",
      "/readyz",
      "/version",
    ]),
  ];
}

const openApiV3 = (openApi: ServerParts["openApi"], pathname: string): object | undefined =>
  pathname === "/openapi/v3" ? openApi.v3Index() : openApi.v3(pathname.slice("/openapi/v3/".length));
