/**
 * The flags every command has, on the command line or as `ETCDCTL_<NAME>` in the environment. Both at once is an error,
 * as with etcdctl: a script must not be surprised by its environment.
 */
import { CliFailure, exitCodes } from "./failure.ts";
import type { FlagSpec, Flags } from "./flags.ts";
import type { CommandIo } from "./io.ts";

export const globalFlags: readonly FlagSpec[] = [
  {
    name: "cacert",
    type: "text",
    summary: "verify certificates of TLS-enabled secure servers using this CA bundle",
  },
  { name: "cert", type: "text", summary: "identify secure client using this TLS certificate file" },
  {
    name: "command-timeout",
    type: "duration",
    fallback: "5s",
    summary: "timeout for short running command (excluding dial timeout)",
  },
  { name: "debug", type: "switch", summary: "show the stack of an error" },
  { name: "dial-timeout", type: "duration", fallback: "2s", summary: "dial timeout for client connections" },
  {
    name: "discovery-srv",
    short: "d",
    type: "text",
    summary: "domain name to query for SRV records describing cluster endpoints",
  },
  { name: "discovery-srv-name", type: "text", summary: "service name to query when using DNS discovery" },
  { name: "endpoints", type: "list", fallback: "127.0.0.1:2379", summary: "gRPC endpoints, comma-separated" },
  { name: "hex", type: "switch", summary: "print byte strings as hex encoded strings" },
  {
    name: "insecure-discovery",
    type: "switch",
    fallback: "true",
    summary: "accept insecure SRV records describing cluster endpoints",
  },
  {
    name: "insecure-skip-tls-verify",
    type: "switch",
    summary: "skip server certificate verification (CAUTION: for testing purposes only)",
  },
  {
    name: "insecure-transport",
    type: "switch",
    fallback: "true",
    summary: "disable transport security for endpoints without a scheme",
  },
  {
    name: "keepalive-time",
    type: "duration",
    fallback: "2s",
    summary: "accepted for scripts; the client has its own",
  },
  { name: "keepalive-timeout", type: "duration", fallback: "6s", summary: "accepted for scripts" },
  { name: "key", type: "text", summary: "identify secure client using this TLS key file" },
  {
    name: "max-recv-bytes",
    type: "integer",
    summary: "accepted for scripts; the client accepts any size",
  },
  {
    name: "max-request-bytes",
    type: "integer",
    summary: "accepted for scripts; etcd's own limit holds",
  },
  { name: "password", type: "text", summary: "password for authentication (--user then is the name alone)" },
  {
    name: "user",
    type: "text",
    summary: "username[:password] for authentication (asks if no password is given)",
  },
  {
    name: "write-out",
    short: "w",
    type: "text",
    fallback: "simple",
    summary: "set the output format (fields, json, protobuf, simple, table)",
  },
  { name: "yes", type: "switch", summary: "do not ask before destructive work" },
  { name: "help", short: "h", type: "switch", summary: "help for this command" },
];

/** Flags that etcdctl does not have: none of its variables sets them. */
const withoutVariable = new Set(["yes", "help"]);

const variableOf = (flag: string): string => `ETCDCTL_${flag.toUpperCase().replaceAll("-", "_")}`;

/** @throws CliFailure when a flag is given both ways, or a variable has an invalid value */
export function readEnvironment(flags: Flags, { env, stderr }: Pick<CommandIo, "env" | "stderr">): void {
  const known = new Set<string>(["ETCDCTL_API"]);
  for (const { name } of globalFlags) {
    const variable = variableOf(name);
    if (withoutVariable.has(name)) continue;
    known.add(variable);
    const value = env[variable];
    if (value === undefined || value === "") continue;
    if (flags.given(name)) {
      throw new CliFailure(
        exitCodes.error,
        `conflicting environment variable "${variable}" is shadowed by corresponding command-line flag (either unset environment variable or disable flag)`,
      );
    }
    try {
      flags.set(name, value, `--${name}`);
    } catch {
      throw new CliFailure(exitCodes.error, `invalid value ${JSON.stringify(value)} for ${variable}`);
    }
  }
  const api = env["ETCDCTL_API"] ?? "";
  if (api !== "" && api !== "3") {
    throw new CliFailure(
      exitCodes.error,
      `unsupported API version ETCDCTL_API=${JSON.stringify(api)}, expected 3`,
    );
  }
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("ETCDCTL_") || known.has(name)) continue;
    const warning = {
      level: "warn",
      msg: "unrecognized environment variable",
      "environment-variable": `${name}=${value}`,
    };
    stderr.write(`${JSON.stringify(warning)}\n`);
  }
}
