/**
 * A name server on loopback that knows SRV records and nothing else: for endpoints that are looked up in DNS. Speaks as much of
 * RFC 1035 and RFC 2782 as c-ares, Node's resolver, asks for.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";

export interface SrvRecord {
  readonly priority?: number;
  readonly port: number;
  readonly host: string;
}

export interface DnsServer extends AsyncDisposable {
  /** For a resolver's list of servers. */
  readonly address: string;
  /** Names asked for so far. */
  readonly asked: readonly string[];
}

const typeSrv = 33;
const headerBytes = 12;

/** @param records by name, without the last dot; a name that is not in it does not exist. `"silent"`: no answer at all */
export async function startDnsServer(
  records: Readonly<Record<string, readonly SrvRecord[]>> | "silent",
): Promise<DnsServer> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (query, peer) => {
    const { name, end } = nameIn(query);
    asked.push(name);
    if (records === "silent") return;
    const found = records[name.toLowerCase()];
    const reply = Buffer.concat([
      header(query, found === undefined ? 3 : 0, found?.length ?? 0),
      query.subarray(headerBytes, end + 4),
      ...(found ?? []).map(answer),
    ]);
    socket.send(reply, peer.port, peer.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  };
}

function nameIn(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 1 };
}

function header(query: Buffer, code: number, answers: number): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  query.copy(bytes, 0, 0, 2);
  bytes.writeUInt16BE(0x8580 | code, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt16BE(answers, 6);
  return bytes;
}

/** The name is a pointer to the question's. */
function answer({ priority = 0, port, host }: SrvRecord): Buffer {
  const target = Buffer.concat([
    ...host.split(".").map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, "latin1")),
    Buffer.alloc(1),
  ]);
  const bytes = Buffer.alloc(18);
  bytes.writeUInt16BE(0xc000 | headerBytes, 0);
  bytes.writeUInt16BE(typeSrv, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt32BE(60, 6);
  bytes.writeUInt16BE(6 + target.length, 10);
  bytes.writeUInt16BE(priority, 12);
  bytes.writeUInt16BE(port, 16);
  return Buffer.concat([bytes, target]);
}
