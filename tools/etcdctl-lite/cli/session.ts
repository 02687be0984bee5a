/**
 * One run of one command: its arguments and flags, its connection, the printer of its format, and the confirmation
 * before destructive work. Everything it opens is closed when the command ends.
 */
import { stat } from "node:fs/promises";
import type { Etcd, EtcdOptions, Pem } from "keelson/etcd";
import { createPrinter } from "../printers/create-printer.ts";
import type { Printer } from "../printers/printer.ts";
import { type ToolLine, toolLineOf } from "../printers/tool-line.ts";
import { badArguments, CliFailure, exitCodes } from "./failure.ts";
import type { FoundCluster } from "./find-cluster.ts";
import type { Flags } from "./flags.ts";
import type { CommandIo } from "./io.ts";
import { LineReader } from "./line-reader.ts";
import { readNamedFile } from "./named-file.ts";

/** The probe's own timeout distinguishes an unreachable endpoint from a slow one. */
const dialFloorMs = 500;

/** The name of a command, for completion. */
export interface CommandListing {
  readonly path: readonly string[];
  readonly summary: string;
  /** With their dashes. */
  readonly flags: readonly string[];
}

interface Credentials extends Pick<EtcdOptions, "tls" | "auth"> {
  /** Whether an endpoint without a scheme uses TLS. */
  readonly secure: boolean;
}

export class Session {
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly io: CommandIo;
  /** How many arguments came before `--`; -1 without one. */
  readonly dashAt: number;
  /** Every command; loads them all. */
  readonly commands: () => Promise<readonly CommandListing[]>;
  readonly #open: AsyncDisposable[] = [];
  readonly #clients: Etcd[] = [];
  /** Versions that servers reported besides the first response of their connection. */
  readonly #reported: string[] = [];
  #lines: LineReader | undefined;
  #cluster: Promise<FoundCluster | undefined> | undefined;
  #discovered: Promise<readonly string[] | undefined> | undefined;
  #credentials: Promise<Credentials> | undefined;

  constructor(facts: {
    readonly args: readonly string[];
    readonly flags: Flags;
    readonly io: CommandIo;
    readonly dashAt: number;
    readonly commands: () => Promise<readonly CommandListing[]>;
  }) {
    this.args = facts.args;
    this.flags = facts.flags;
    this.io = facts.io;
    this.dashAt = facts.dashAt;
    this.commands = facts.commands;
  }

  /**
   * Endpoints from DNS with `--discovery-srv`, or the given ones, without the blanks and trailing comma that lists in
   * scripts often have. If none are given on a Kubernetes server, those of its own etcd.
   */
  async endpoints(): Promise<readonly string[]> {
    this.#discovered ??= this.#discover();
    const discovered = await this.#discovered;
    if (discovered !== undefined) return discovered;
    await this.cluster();
    return this.flags.list("endpoints").flatMap((endpoint) => endpoint.trim() || []);
  }

  /**
   * The cluster whose etcd is used because this machine is one of its servers; reported on stderr once. Undefined:
   * flags name the etcd.
   */
  cluster(): Promise<FoundCluster | undefined> {
    this.#cluster ??= this.#findCluster();
    return this.#cluster;
  }

  /** Timeout of one short request. */
  get call(): {
    readonly timeoutMs: number;
    readonly requestTimeoutMs: number;
    readonly signal: AbortSignal;
  } {
    const timeoutMs = this.flags.durationMs("command-timeout");
    return { timeoutMs, requestTimeoutMs: timeoutMs, signal: this.io.signal };
  }

  printer(): Promise<Printer> {
    return createPrinter(this.flags.text("write-out"), {
      io: this.io,
      hex: this.flags.on("hex"),
      line: () => this.toolLine,
    });
  }

  /** The etcdctl release whose output format is used: that of the newest server that has answered so far. */
  get toolLine(): ToolLine {
    return toolLineOf([...this.#reported, ...this.#clients.flatMap(versionsOf)]);
  }

  /** Prints one result. */
  async show(result: Parameters<Printer["print"]>[0]): Promise<void> {
    const printer = await this.printer();
    await this.#learnVersion(result);
    printer.print(result);
  }

  /** With users and roles some servers report their version only to authenticated clients. */
  async #learnVersion(result: Parameters<Printer["print"]>[0]): Promise<void> {
    if (result.type === "endpoint-status") {
      this.#reported.push(...result.endpoints.map(({ version }) => version));
      return;
    }
    const [etcd] = this.#clients;
    if (
      etcd === undefined ||
      this.#reported.length > 0 ||
      this.#clients.some((each) => versionsOf(each).length > 0)
    ) {
      return;
    }
    // The command already has its result, so an error of this request is not its failure.
    this.#reported.push(await etcd.serverVersion(this.call).catch(() => ""));
  }

  line(text: string): void {
    this.io.stdout.write(`${text}\n`);
  }

  /** A remark for the user besides the result, on stderr. */
  warn(text: string): void {
    this.io.stderr.write(`Warning: ${text}\n`);
  }

  /** A connection to `endpoints`, all of them by default; closed with the session. */
  async connect(
    endpoints?: readonly string[],
    options: Pick<EtcdOptions, "allowFaultyVersions" | "inFlightMax"> = {},
  ): Promise<Etcd> {
    await this.printer();
    const asked = endpoints ?? (await this.endpoints());
    this.#credentials ??= this.endpoints().then((all) => this.#readCredentials(all, ""));
    return await this.#dial(asked, await this.#credentials, options);
  }

  /** A connection to another cluster, with the flags that begin with `--dest-`; closed with the session. */
  async connectDestination(endpoint: string): Promise<Etcd> {
    return await this.#dial([endpoint], await this.#readCredentials([endpoint], "dest-"), {});
  }

  async #dial(
    endpoints: readonly string[],
    { tls, auth, secure }: Credentials,
    options: Pick<EtcdOptions, "allowFaultyVersions" | "inFlightMax">,
  ): Promise<Etcd> {
    const { connectEtcd } = await import("keelson/etcd");
    const etcd = await connectEtcd({
      endpoints: endpoints.map((endpoint) => withScheme(endpoint, secure)),
      tls,
      auth,
      requestTimeoutMs: Math.max(1, this.flags.durationMs("command-timeout")),
      timeoutMs: Math.max(dialFloorMs, this.flags.durationMs("dial-timeout")),
      signal: this.io.signal,
      ...options,
    });
    this.#open.push(etcd);
    this.#clients.push(etcd);
    return etcd;
  }

  /** Whether to ask for confirmation: on a terminal, without `--yes`. */
  get asks(): boolean {
    const { stdin, stderr } = this.io;
    return !this.flags.on("yes") && stdin.isTTY === true && stderr.isTTY === true;
  }

  /** Asks for confirmation on a terminal unless `--yes` was given. @throws CliFailure when the answer is not yes */
  async confirm(what: string): Promise<void> {
    if (!this.asks) return;
    this.io.stderr.write(`${what} Go on? [y/N] `);
    const answer = await this.lines.answer();
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliFailure(exitCodes.error, "not done: not confirmed");
  }

  /** A password: prompted without echo on a terminal; otherwise a line of stdin. */
  async password(question: string): Promise<string> {
    const typed = await this.lines.secret(() => this.io.stderr.write(question));
    if (this.io.stdin.isTTY === true) this.io.stderr.write("\n");
    return typed;
  }

  /** Lines of stdin; a command that reads bytes must not read lines. */
  get lines(): LineReader {
    this.#lines ??= new LineReader(this.io.stdin);
    return this.#lines;
  }

  async close(): Promise<void> {
    for (const resource of this.#open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
  }

  async #discover(): Promise<readonly string[] | undefined> {
    const domain = this.flags.text("discovery-srv");
    if (domain === "") return undefined;
    const { discoverEndpoints } = await import("keelson/etcd");
    return await discoverEndpoints({
      domain,
      serviceName: this.flags.text("discovery-srv-name") || undefined,
      insecure: this.flags.on("insecure-discovery"),
      signal: this.io.signal,
    });
  }

  async #findCluster(): Promise<FoundCluster | undefined> {
    if (["endpoints", "discovery-srv", "cacert", "cert", "key"].some((flag) => this.flags.given(flag)))
      return undefined;
    const { findCluster } = await import("./find-cluster.ts");
    const cluster = await findCluster(this.io.env["KEELSON_ROOT"] || "/");
    if (cluster === undefined) return undefined;
    const { program, because, endpoints, cacert, cert, key } = cluster;
    for (const [flag, value] of Object.entries({ endpoints: endpoints.join(","), cacert, cert, key })) {
      if (value !== "") this.flags.set(flag, value, `--${flag}`);
    }
    const certificates = cert === "" ? "" : `, with ${cert} and ${cacert}`;
    this.io.stderr.write(
      `Using the etcd of this machine's ${program}, known by ${because}: ${endpoints.join(",")}${certificates}\n`,
    );
    return cluster;
  }

  /** @param prefix of the flags' names */
  async #readCredentials(endpoints: readonly string[], prefix: "" | "dest-"): Promise<Credentials> {
    const [cert = "", key = "", ca = ""] = ["cert", "key", "cacert"].map((name) =>
      this.flags.text(prefix + name),
    );
    if ((cert === "") !== (key === "")) {
      throw new CliFailure(
        exitCodes.badArguments,
        `KeyFile and CertFile must both be present[key: ${key}, cert: ${cert}]`,
      );
    }
    const skip = prefix === "" && this.flags.on("insecure-skip-tls-verify");
    const insecure = this.flags.on(`${prefix}insecure-transport`);
    const verified =
      prefix === "" && !this.flags.on("insecure-discovery") ? this.flags.text("discovery-srv") : "";
    const wanted = skip || cert !== "" || ca !== "" || !insecure;
    const https = endpoints.some((endpoint) => /^(https|unixs):/i.test(endpoint));
    const tls =
      wanted || https
        ? {
            ca: await certificatesOf(ca),
            cert: await fileOf(cert),
            key: await fileOf(key),
            insecureSkipVerify: skip,
            // As with etcdctl: the server must have a certificate for the requested domain, not for the name from DNS.
            serverName: verified === "" ? undefined : verified,
          }
        : undefined;
    return { tls, auth: await this.#readUser(prefix), secure: tls !== undefined && !insecure };
  }

  async #readUser(prefix: "" | "dest-"): Promise<EtcdOptions["auth"]> {
    const user = this.flags.text(`${prefix}user`);
    const given = this.flags.text(`${prefix}password`);
    // As with etcdctl, a password without a user is ignored.
    if (user === "") return undefined;
    const colon = user.indexOf(":");
    if (given !== "" || colon < 0) {
      const question = prefix === "" ? "Password: " : "Destination Password: ";
      const password = given !== "" ? given : await this.password(question);
      return { username: user, password, allowPlaintext: true };
    }
    return { username: user.slice(0, colon), password: user.slice(colon + 1), allowPlaintext: true };
  }
}

const versionsOf = (etcd: Etcd): readonly string[] =>
  etcd.stats().endpoints.flatMap(({ version }) => version ?? []);

/** Without a scheme etcdctl uses plaintext, even with certificates, unless a flag says otherwise. */
function withScheme(endpoint: string, secure: boolean): string {
  return /^(https?:\/\/|unixs?:)/i.test(endpoint) ? endpoint : `${secure ? "https" : "http"}://${endpoint}`;
}

/**
 * Read once here, to report errors with etcdctl's text; then again for each connection, so that a long-running command
 * uses renewed files. A file that cannot be read twice, such as a shell's pipe, is kept in memory.
 */
async function fileOf(path: string): Promise<Pem | undefined> {
  if (path === "") return undefined;
  return renewable(path, await readNamedFile(path));
}

async function renewable(path: string, bytes: Uint8Array): Promise<Pem> {
  return (await stat(path)).isFile() ? { path } : bytes;
}

/** A bundle without certificates would trust nothing, and the error would blame the server's certificate. */
async function certificatesOf(path: string): Promise<Pem | undefined> {
  if (path === "") return undefined;
  const bundle = await readNamedFile(path);
  if (!bundle.includes("-----BEGIN CERTIFICATE-----")) {
    throw badArguments(`--cacert ${path}: there is no certificate in it`);
  }
  return renewable(path, bundle);
}
