/**
 * Remaining validity of certificates: of each https endpoint, client and peer, and of the command line. The connections
 * for this only perform a handshake.
 */

import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { messageOf } from "../../../../src/base/text/message-of.ts";
import { readNamedFile } from "../../cli/named-file.ts";
import type { Session } from "../../cli/session.ts";
import { counted } from "../../text/counted.ts";
import type { Finding } from "./finding.ts";

const dayMs = 86_400_000;
/** Days left for a warning (time to renew by hand), and for an error (renew now). */
const warnDays = 30;
const errorDays = 7;

/** @param urls of clients and peers; those without TLS have no certificate */
export async function certificateFindings(
  session: Session,
  urls: readonly string[],
  nowMs: number,
): Promise<readonly Finding[]> {
  const secure = [...new Set(urls)].filter((url) => /^https:/i.test(url));
  const shown = await Promise.all(secure.map((url) => shownBy(session, url, nowMs)));
  const files = await Promise.all(
    (["cert", "cacert"] as const).map((flag) => ofFile(session.flags.text(flag), flag, nowMs)),
  );
  return [...shown, ...files].flat();
}

async function ofFile(path: string, flag: "cert" | "cacert", nowMs: number): Promise<readonly Finding[]> {
  if (path === "") return [];
  const text = (await readNamedFile(path)).toString("latin1");
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  const whose = flag === "cert" ? "the client's certificate" : "a CA's certificate";
  return blocks.flatMap((block) =>
    expiryFindings(`--${flag} ${path}`, whose, new X509Certificate(block), nowMs),
  );
}

async function shownBy(session: Session, url: string, nowMs: number): Promise<readonly Finding[]> {
  try {
    return expiryFindings(url, "the server's certificate", await certificateOf(session, url), nowMs);
  } catch (error) {
    session.io.signal.throwIfAborted();
    const why = messageOf(error);
    return [
      {
        level: "note",
        check: "certificate",
        where: url,
        what: `its certificate could not be looked at: ${why}`,
        advice: "look from a machine that reaches it",
      },
    ];
  }
}

async function certificateOf(session: Session, url: string): Promise<X509Certificate> {
  const { hostname, port } = new URL(url.replace(/\[(\d+\.\d+\.\d+\.\d+)\]/, "$1"));
  const [cert, key] = [session.flags.text("cert"), session.flags.text("key")];
  const own = cert === "" ? {} : { cert: await readNamedFile(cert), key: await readNamedFile(key) };
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...own,
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port),
      // Inspected, not trusted: the check must see expired ones.
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
      timeout: Math.max(1, session.flags.durationMs("dial-timeout")),
    });
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error("it shows none"));
      else resolve(certificate);
    });
    socket.once("timeout", () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
  });
}

/** The finding for one certificate, by its remaining days. */
export function expiryFindings(
  where: string,
  whose: string,
  certificate: Pick<X509Certificate, "validFrom" | "validTo" | "subject">,
  nowMs: number,
): readonly Finding[] {
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  const day = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);
  const name = certificate.subject.replaceAll("\n", ", ");
  const left = Math.floor((to - nowMs) / dayMs);
  const found = (level: Finding["level"], what: string, advice: string): readonly Finding[] => [
    { level, check: "certificate", where, what: `${whose} (${name}) ${what}`, advice },
  ];
  if (nowMs < from) return found("error", `is not valid before ${day(from)}`, "check the clocks");
  if (nowMs > to) return found("error", `has expired on ${day(to)}`, "renew it now");
  if (left < errorDays)
    return found("error", `expires in ${counted(left, "day")}, on ${day(to)}`, "renew it now");
  if (left < warnDays)
    return found("warning", `expires in ${counted(left, "day")}, on ${day(to)}`, "renew it");
  return [];
}
