/**
 * Finds out why an endpoint cannot be reached. gRPC libraries report "no connection established"; the probe opens one
 * short connection and reports the cause: refused, no such name, wrong CA, expired, another name in the certificate,
 * a client certificate required, TLS against plaintext, plaintext against TLS.
 *
 * It sends only a TLS handshake or HTTP/2's opening, and no credential except the client certificate.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import { messageOf } from "../../../base/text/message-of.ts";
import type { Clock } from "../../../base/time/clock.ts";
import { handshakeOptions, socketTarget } from "../../transport/dial-target.ts";
import type { EndpointAddress, UsableTls } from "../../transport/transport.ts";

/** For the whole probe; a host that drops packets is recognised by this timeout. */
const probeTimeoutMs = 1_500;
/** TLS 1.3 checks the client's certificate after the client's part of the handshake; HTTP/2 servers send settings sooner. */
const alertWaitMs = 800;

export interface ConnectionFault {
  /** A part of a sentence, such as `connection refused`. */
  readonly reason: string;
  /**
   * The endpoint, or its address, has refused: connection refused, no such host, or certificates and options that must
   * be changed first. Another try gives the same result. False: silence, or a connection that broke.
   */
  readonly answered: boolean;
}

/** HTTP/2's client preface and an empty SETTINGS frame: a gRPC server answers with its own SETTINGS. */
const http2Opening = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const tlsAlertRecord = 0x15;
const settingsFrameType = 4;

/** Returns undefined when the connection works. */
export function probeConnection(
  address: EndpointAddress,
  tls: UsableTls | undefined,
  clock: Clock,
): Promise<ConnectionFault | undefined> {
  return new Promise((resolve) => {
    const sockets: Socket[] = [];
    const done: Done = (fault) => {
      timer.cancel();
      for (const each of sockets) each.destroy();
      resolve(fault);
    };
    // A TLS server closes a plaintext connection without a reply; so does a starting server.
    const hungUp = (): void => {
      const second = connectTls({ ...socketTarget(address), rejectUnauthorized: false });
      sockets.push(second);
      second.once("secureConnect", () => done(tlsOnly));
      second.on("error", ({ code = "" }: NodeJS.ErrnoException) =>
        done(code.startsWith("ERR_SSL_") ? tlsOnly : silent),
      );
    };
    const timer = clock.setTimer(probeTimeoutMs, () =>
      done(passing(`no answer within ${probeTimeoutMs} ms`)),
    );
    let socket: Socket;
    try {
      socket = address.secure
        ? probeTls(address, tls, clock, done)
        : probePlaintext(address, (fault) => (fault === silent ? hungUp() : done(fault)));
    } catch (error) {
      // A certificate or key that does not parse.
      timer.cancel();
      resolve(said(`the TLS options are not usable: ${messageOf(error)}`));
      return;
    }
    sockets.push(socket);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const cause = causeOf(error, address, tls);
      if (cause === silent) return hungUp();
      if (cause !== handshakeFailed) return done(cause);
      // A plaintext server closes a TLS connection without a reply: try plaintext.
      const second = probePlaintext(address, (fault) => done(fault === undefined ? plaintextOnly : cause));
      sockets.push(second);
      second.on("error", () => done(cause));
    });
  });
}

type Done = (fault: ConnectionFault | undefined) => void;
const said = (reason: string): ConnectionFault => ({ reason, answered: true });
const passing = (reason: string): ConnectionFault => ({ reason, answered: false });

function probePlaintext(address: EndpointAddress, done: Done): Socket {
  const socket = connectTcp(socketTarget(address));
  socket.once("connect", () => socket.write(http2Opening));
  socket.once("data", (data: Buffer) => {
    if (data[3] === settingsFrameType) return done(undefined);
    const speaksTls = data[0] === tlsAlertRecord || /HTTPS server/i.test(data.toString("latin1"));
    done(speaksTls ? tlsOnly : said("the server does not speak gRPC"));
  });
  socket.once("end", () => done(silent));
  return socket;
}

const plaintextOnly = said('the server speaks plaintext, the endpoint says "https"');
/** The server closed a plaintext connection without a reply. */
const silent = passing("the server closed the connection without a word");
const handshakeFailed = passing("the server broke off the TLS handshake");
const tlsOnly = said('the server expects TLS, the endpoint says "http"');

function probeTls(address: EndpointAddress, tls: UsableTls | undefined, clock: Clock, done: Done): TLSSocket {
  const name = tls?.serverName ?? address.host;
  const socket = connectTls({
    ...socketTarget(address),
    ...handshakeOptions(address, tls),
    ALPNProtocols: ["h2"],
    // The certificate is checked below, to report what is wrong with it; nothing is sent over this connection.
    rejectUnauthorized: false,
  });
  socket.once("secureConnect", () => {
    const verify = tls?.insecureSkipVerify !== true;
    if (verify && !socket.authorized) return done(certificateFault(String(socket.authorizationError)));
    if (verify) {
      const identity = checkServerIdentity(name, socket.getPeerCertificate());
      if (identity !== undefined) {
        return done(said(`the server's certificate is for another name: ${identity.message}`));
      }
    }
    // Nothing is written: a reply to it could hide the alert.
    socket.once("data", () => done(undefined));
    clock.setTimer(alertWaitMs, () => done(undefined));
  });
  return socket;
}

function certificateFault(code: string): ConnectionFault {
  if (/CERT_HAS_EXPIRED/.test(code)) return said("the server's certificate has expired");
  if (/NOT_YET_VALID/.test(code)) return said("the server's certificate is not valid yet");
  if (/ALTNAME|HOSTNAME/.test(code)) return said(`the server's certificate is for another name: ${code}`);
  return said(`the server's certificate is not signed by a trusted CA (${code})`);
}

function causeOf(
  error: NodeJS.ErrnoException,
  address: EndpointAddress,
  tls: UsableTls | undefined,
): ConnectionFault {
  const code = error.code ?? "";
  const text = `${code} ${error.message}`;
  if (code === "ECONNREFUSED") return said("connection refused: nothing listens there");
  if (address.path !== undefined && code === "ENOENT") return said("there is no such socket");
  if (address.path !== undefined && code === "ENOTSOCK") return said("the file is no socket");
  if (address.path !== undefined && (code === "EACCES" || code === "EPERM"))
    return said(`this user may not open the socket (${code})`);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return said(`host name "${address.host}" is not known (${code})`);
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH") return passing(`host cannot be reached (${code})`);
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(text)) {
    return plaintextOnly;
  }
  if (/CERTIFICATE_REQUIRED|certificate required/i.test(text))
    return said("the server requires a client certificate");
  if (/CERTIFICATE_EXPIRED|certificate expired/i.test(text)) {
    return said("the server does not accept the client certificate: it has expired, or is not valid yet");
  }
  if (
    /BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|bad certificate|unknown ca|certificate unknown/i.test(
      text,
    )
  ) {
    // The Go of older etcds reports a missing certificate this way: "certificate required" is an alert of TLS 1.3.
    if (/bad.certificate/i.test(text) && tls?.cert === undefined)
      return said("the server requires a client certificate");
    return said(`the server does not accept the client certificate (${code})`);
  }
  if (address.secure && (code === "ECONNRESET" || code === "EPROTO")) {
    return handshakeFailed;
  }
  if (code === "ECONNRESET" || code === "EPIPE") return silent;
  return passing(`the connection failed (${code === "" ? messageOf(error) : code})`);
}
