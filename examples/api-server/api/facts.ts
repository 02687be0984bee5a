/** What every client may read of the server: liveness, readiness, version. */
import { release } from "./release.ts";
import type { ServerParts } from "./server-parts.ts";

export interface Fact {
  readonly httpStatus: number;
  readonly type: string;
  readonly body: string;
}

const text = (body: string, httpStatus = 200): Fact => ({
  httpStatus,
  type: "text/plain; charset=utf-8",
  body,
});

/** undefined: the path is none of these. */
export async function factAt(
  { store }: ServerParts,
  pathname: string,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<Fact | undefined> {
  switch (pathname) {
    case "/livez":
    case "/livez/ping":
    case "/healthz/ping":
      return text("ok");
    case "/healthz":
    case "/healthz/etcd":
    case "/readyz":
    case "/readyz/etcd": {
      const { leader, resourceVersion, problems } = await store.health({ signal });
      // Other problems, such as one unreadable object, are no reason to send clients away.
      const serves = leader && resourceVersion !== undefined;
      if (!serves) return text(problems.join("\n"), 500);
      return text(query.has("verbose") ? [...problems, "ok"].join("\n") : "ok");
    }
    case "/version":
    case "/version/": {
      const { platform, arch, version } = process;
      const facts = {
        ...release,
        gitTreeState: "clean",
        goVersion: "",
        compiler: `node ${version}`,
        platform: `${platform}/${arch}`,
      };
      return { httpStatus: 200, type: "application/json", body: JSON.stringify(facts) };
    }
    default:
      return undefined;
  }
}
