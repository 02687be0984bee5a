/** The command line of the server. */
import { parseArgs } from "node:util";

export interface ServerOptions {
  /** Endpoints of a running etcd; absent: the server starts its own. */
  readonly endpoints: readonly string[] | undefined;
  /** Folder for the data of its own etcd and the server's keys; absent: nothing is kept after it stops. */
  readonly data: string | undefined;
  readonly host: string;
  readonly port: number;
  /** Folder of certificates, created if it has none; absent: plain HTTP. */
  readonly tls: string | undefined;
  /** Bearer tokens in the format of Kubernetes' --token-auth-file: token,user,uid,"group,group". */
  readonly tokens: string | undefined;
  readonly rbac: boolean;
  /** File to write the kubeconfig to; absent: printed. */
  readonly kubeconfig: string | undefined;
  /** False: it sends itself a few requests and exits. */
  readonly serve: boolean;
}

export const usage = `npm run api-server -- [options]

  --endpoints URL,…   use this etcd; without it, one is started
  --data DIR          keep data there; without it, it is thrown away at the end
  --host ADDRESS      listen there (default 127.0.0.1)
  --port N            default 8080, with --tls 6443; 0 takes a free one
  --tls DIR           serve HTTPS with the certificates in DIR, which are made when there are none (needs openssl)
  --tokens FILE       bearer tokens: lines of token,user,uid,"group,group"
  --rbac              RBAC objects decide who may do what; without it everybody may do everything
  --kubeconfig FILE   write the kubeconfig there instead of printing it`;

/** @throws Error for an unknown option or a port out of its range, with the given value */
export function parseOptions(args: readonly string[]): ServerOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      endpoints: text,
      data: text,
      host: text,
      port: text,
      tls: text,
      tokens: text,
      kubeconfig: text,
      rbac: { type: "boolean" },
      serve: { type: "boolean" },
    },
  });
  const {
    endpoints,
    data,
    tls,
    tokens,
    kubeconfig,
    host = "127.0.0.1",
    rbac = false,
    serve = false,
  } = values;
  const port = Number(values.port ?? (serve ? (tls === undefined ? 8080 : 6443) : 0));
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port ${values.port}: expected a number from 0 to 65535`);
  }
  return { endpoints: endpoints?.split(","), data, host, port, tls, tokens, rbac, kubeconfig, serve };
}
