/**
 * Checks TLS options before anything is dialled: reads each certificate and key, matches the pair, decrypts an encrypted
 * key. An error names the option at fault; OpenSSL's own messages name none.
 *
 * The result holds a decrypted key (in memory only) and no passphrase, so that every transport can use it.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { messageOf } from "../../base/text/message-of.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument, type StoreError } from "../../errors.ts";
import { nodePem } from "./dial-target.ts";
import type { PemText, UsableTls } from "./transport.ts";

const action = "connect to etcd";
const certificateBlocks = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const keyMark = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|-----BEGIN ENCRYPTED PRIVATE KEY-----/;
const encryptedMark = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/;

/** TLS options whose files have been read. */
export interface GivenTls extends UsableTls {
  readonly passphrase?: string | undefined;
}

/** @throws INVALID_ARGUMENT naming the option, e.g. "tls.ca" */
export function usableTls(tls: GivenTls): UsableTls {
  const { ca, cert, key, passphrase, serverName, insecureSkipVerify } = tls;
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = cert === undefined ? ["key", "cert"] : ["cert", "key"];
    throw invalidArgument(
      "tls",
      `Cannot ${action}: tls.${given} comes without tls.${missing}, expected both`,
    );
  }
  if (serverName !== undefined && (typeof serverName !== "string" || serverName === "")) {
    throw refused("serverName", `is ${quote(serverName)}, expected a host name`);
  }
  if (insecureSkipVerify !== undefined && typeof insecureSkipVerify !== "boolean") {
    throw refused("insecureSkipVerify", `is ${quote(insecureSkipVerify)}, expected a boolean`);
  }
  if (ca !== undefined) certificatesIn("ca", ca);
  if (passphrase !== undefined && (typeof passphrase !== "string" || key === undefined)) {
    throw refused("passphrase", key === undefined ? "comes without tls.key, expected both" : "is no text");
  }
  if (cert === undefined || key === undefined) return { ca, serverName, insecureSkipVerify };
  const [leaf] = certificatesIn("cert", cert);
  const opened = openedKey(key, passphrase);
  if (leaf?.checkPrivateKey(opened) !== true) {
    throw refused("key", "does not belong to tls.cert: it is the key of another certificate");
  }
  const clear = opened.export({ type: "pkcs8", format: "pem" });
  const text = typeof clear === "string" ? clear : clear.toString("latin1");
  try {
    createSecureContext({ ca: ca === undefined ? ca : nodePem(ca), cert: nodePem(cert), key: text });
  } catch (error) {
    // Only OpenSSL objects, for example to a digest that it considers too weak. Its message quotes no input.
    throw refused("cert", `is not usable: ${messageOf(error)}`);
  }
  return { ca, cert, key: text, serverName, insecureSkipVerify };
}

function certificatesIn(option: "ca" | "cert", pem: PemText): readonly X509Certificate[] {
  const text = asText(pem);
  const blocks = text.match(certificateBlocks);
  if (blocks === null) throw notPem(option, text, "a certificate");
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw refused(option, `holds a certificate that cannot be read: ${messageOf(error)}`);
    }
  });
}

function openedKey(pem: PemText, passphrase: string | undefined): KeyObject {
  const text = asText(pem);
  if (!keyMark.test(text)) throw notPem("key", text, "a private key");
  const encrypted = encryptedMark.test(text);
  if (encrypted && passphrase === undefined) {
    throw refused("key", "is encrypted: give its passphrase as tls.passphrase");
  }
  if (!encrypted && passphrase !== undefined) {
    throw refused("passphrase", "is given, and tls.key is not encrypted: expected no passphrase");
  }
  try {
    return createPrivateKey({ key: text, ...(encrypted ? { passphrase } : {}) });
  } catch (error) {
    if (encrypted) throw refused("passphrase", "does not open tls.key");
    throw refused("key", `cannot be read: ${messageOf(error)}`);
  }
}

/** The usual cause: a path was given, or the other file. */
function notPem(option: "ca" | "cert" | "key", text: string, what: string): StoreError<"INVALID_ARGUMENT"> {
  if (text.trim() === "") return refused(option, `is empty, expected ${what} in PEM`);
  const block = /-----BEGIN ([A-Z ]+)-----/.exec(text)?.[1];
  if (block !== undefined) return refused(option, `holds ${quote(block)}, expected ${what} in PEM`);
  // The text is not shown: it may be a key nevertheless.
  const path = text.length < 1024 && /^\S*[\\/.]\S*$/.test(text.trim());
  return refused(
    option,
    path
      ? `looks like a path: expected ${what} in PEM, the file's content, or { path: … }`
      : `is no PEM, expected ${what} ("-----BEGIN …")`,
  );
}

const asText = (pem: PemText): string => nodePem(pem).toString("latin1");

function refused(option: string, what: string): StoreError<"INVALID_ARGUMENT"> {
  return invalidArgument(`tls.${option}`, `Cannot ${action}: tls.${option} ${what}`);
}
