/**
 * The current TLS options for new connections: reads files and calls functions again, checks the result as a whole
 * (tls-material.ts), and uses it only if it is valid.
 *
 *   current(): PEM as before  ──▶ the same object
 *              new and usable ──▶ the new one
 *              not usable     ──▶ the last usable one; `problem` says why
 *
 * cert-manager and others replace certificate and key one after the other: in between, the two do not match.
 * Reading is synchronous, since it is part of dialling: some KiB, once per connection.
 */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { checkOptions } from "../../base/text/known-options.ts";
import { messageOf } from "../../base/text/message-of.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import { type GivenTls, usableTls } from "./tls-material.ts";
import {
  type CurrentTls,
  type Pem,
  type PemText,
  type TlsOptions,
  tlsNames,
  type UsableTls,
} from "./transport.ts";

type PemOption = "ca" | "cert" | "key";

export class TlsSource implements CurrentTls {
  readonly #options: TlsOptions;
  /** Whether any of the options can change. */
  readonly #changes: boolean;
  #read: GivenTls;
  #usable: UsableTls;
  #problem: string | undefined;

  /** @throws INVALID_ARGUMENT naming the option, e.g. "tls.ca" */
  constructor(options: TlsOptions) {
    checkOptions(options ?? null, "connect to etcd", tlsNames, "tls");
    this.#options = options;
    this.#changes = [options.ca, options.cert, options.key].some((pem) => pem !== undefined && !isText(pem));
    this.#read = readAll(options);
    this.#usable = usableTls(this.#read);
  }

  current(): UsableTls {
    if (!this.#changes) return this.#usable;
    try {
      const read = readAll(this.#options);
      if (!same(read, this.#read)) {
        this.#usable = usableTls(read);
        this.#read = read;
      }
      this.#problem = undefined;
    } catch (error) {
      this.#problem = messageOf(error);
    }
    return this.#usable;
  }

  /** Why the current options cannot be used, as of the last `current()`. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Expiry of the client certificate of new connections; undefined without one. */
  clientCertificateExpiresAt(): Date | undefined {
    const { cert } = this.current();
    return cert === undefined ? undefined : new Date(new X509Certificate(cert).validTo);
  }
}

function readAll(options: TlsOptions): GivenTls {
  const { passphrase, serverName, insecureSkipVerify } = options;
  return {
    ca: readPem("ca", options.ca),
    cert: readPem("cert", options.cert),
    key: readPem("key", options.key),
    passphrase,
    serverName,
    insecureSkipVerify,
  };
}

function readPem(option: PemOption, pem: Pem | undefined): PemText | undefined {
  if (pem === undefined || isText(pem)) return pem;
  const refused = (what: string): Error =>
    invalidArgument(`tls.${option}`, `Cannot connect to etcd: tls.${option} ${what}`);
  if (typeof pem === "function") {
    let given: unknown;
    try {
      given = pem();
    } catch (error) {
      throw refused(`is a function that throws: ${messageOf(error)}`);
    }
    if (isText(given)) return given;
    // Without this a rejection would be unhandled.
    if (given instanceof Promise) given.catch(() => undefined);
    throw refused("is a function that gives no PEM text or bytes at once");
  }
  if (typeof pem === "object" && !Array.isArray(pem)) {
    checkOptions(pem, "connect to etcd", { path: "text" }, `tls.${option}`);
  }
  if (pem === null || typeof pem !== "object" || typeof pem.path !== "string" || pem.path === "") {
    throw refused(`is ${quote(pem)}, expected PEM text or bytes, { path } or a function`);
  }
  try {
    return readFileSync(pem.path);
  } catch (error) {
    throw refused(`cannot be read from ${quote(pem.path)}: ${messageOf(error)}`);
  }
}

function isText(pem: unknown): pem is PemText {
  return typeof pem === "string" || pem instanceof Uint8Array;
}

function same(a: GivenTls, b: GivenTls): boolean {
  return (["ca", "cert", "key"] as const).every((option) => {
    const [left, right] = [a[option], b[option]];
    if (left === undefined || right === undefined) return left === right;
    return Buffer.from(left).equals(Buffer.from(right));
  });
}
