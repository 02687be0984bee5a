/**
 * The write-ahead log and raft snapshot a restored member starts from: byte for byte what `etcdutl snapshot restore`
 * (3.5) writes, so that etcd finds a cluster that has agreed on its members and on nothing else.
 *
 *   frame  = length u64 LE (low 56 bits; bit 63 and bits 56-58: pad bytes), record, zeros to a multiple of 8
 *   record = 1: type, 2: CRC-32C running over the data of all records so far, 3: data
 *   log    = crc 0, metadata, snapshot {0, 0}, one ConfChange entry a member, hard state, snapshot {N, term 1}
 *   .snap  = 1: CRC-32C of the data, 2: data = raft snapshot {1: v2 store as JSON, 2: metadata}
 */
import { crc32c } from "../../base/crc32c.ts";
import { ProtoWriter } from "../files/proto.ts";
import { type Membership, memberJson } from "./membership.ts";

/** Term of all that a restore writes; etcd counts on from there. */
export const restoreTerm = 1;

const recordType = { metadata: 1, entry: 2, state: 3, crc: 4, snapshot: 5 } as const;
const entryConfChange = 1;
const confChangeAddNode = 0;

/** The only segment, `member/wal/0000000000000000-0000000000000000.wal`, of the member with id `self`. */
export function walBytes(membership: Membership, self: bigint): Uint8Array {
  const { members, clusterId } = membership;
  const log = new WalWriter();
  log.crc();
  log.record(recordType.metadata, new ProtoWriter().varint(1, self).varint(2, clusterId).finish());
  log.record(recordType.snapshot, new ProtoWriter().varint(1, 0).varint(2, 0).finish());
  members.forEach((member, i) => {
    const change = new ProtoWriter()
      .varint(1, 0)
      .varint(2, confChangeAddNode)
      .varint(3, member.id)
      .bytes(4, memberJson(member))
      .finish();
    const entry = new ProtoWriter()
      .varint(1, entryConfChange)
      .varint(2, restoreTerm)
      .varint(3, i + 1)
      .bytes(4, change);
    log.record(recordType.entry, entry.finish());
  });
  const commit = members.length;
  const vote = members[0]?.id ?? 0n;
  log.record(
    recordType.state,
    new ProtoWriter().varint(1, restoreTerm).varint(2, vote).varint(3, commit).finish(),
  );
  log.record(
    recordType.snapshot,
    new ProtoWriter().varint(1, commit).varint(2, restoreTerm).bytes(3, confState(membership)).finish(),
  );
  return log.finish();
}

/** `member/snap/0000000000000001-<N>.snap`. */
export function snapBytes(membership: Membership): Uint8Array {
  const metadata = new ProtoWriter()
    .bytes(1, confState(membership))
    .varint(2, membership.members.length)
    .varint(3, restoreTerm)
    .finish();
  const data = new ProtoWriter()
    .bytes(1, Buffer.from(JSON.stringify(v2Store(membership))))
    .bytes(2, metadata)
    .finish();
  return new ProtoWriter().varint(1, crc32c(data)).bytes(2, data).finish();
}

/** File name of the raft snapshot. */
export function snapName(membership: Membership): string {
  const part = (value: number): string => value.toString(16).padStart(16, "0");
  return `${part(restoreTerm)}-${part(membership.members.length)}.snap`;
}

function confState({ members }: Membership): Uint8Array {
  const proto = new ProtoWriter();
  for (const { id } of members) proto.varint(1, id);
  return proto.varint(5, 0).finish();
}

class WalWriter {
  readonly #frames: Uint8Array[] = [];
  #crc = 0;

  /** Begins a segment; 0 in the first. */
  crc(): void {
    this.#frame(new ProtoWriter().varint(1, recordType.crc).varint(2, this.#crc).finish());
  }

  record(type: number, data: Uint8Array): void {
    this.#crc = crc32c(data, 0, data.length, this.#crc);
    this.#frame(new ProtoWriter().varint(1, type).varint(2, this.#crc).bytes(3, data).finish());
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#frames);
  }

  #frame(record: Uint8Array): void {
    const pad = (8 - (record.length % 8)) % 8;
    const frame = Buffer.alloc(8 + record.length + pad);
    const marks = pad === 0 ? 0n : (0x80n | BigInt(pad)) << 56n;
    frame.writeBigUInt64LE(BigInt(record.length) | marks);
    frame.set(record, 8);
    this.#frames.push(frame);
  }
}

/** Events etcd's version 2 store remembers; it takes an array of exactly this capacity. */
const v2EventsCapacity = 1000;
const never = "0001-01-01T00:00:00Z";

type V2Node = { readonly [field: string]: unknown };

/** The version 2 store raft snapshots still carry: the members' peer URLs and nothing else. */
function v2Store({ members }: Membership): V2Node {
  const directory = (path: string, children: { readonly [name: string]: V2Node }): V2Node => ({
    Path: path,
    CreatedIndex: 0,
    ModifiedIndex: 0,
    ExpireTime: never,
    Value: "",
    Children: children,
  });
  const memberNodes = members.map(({ id, peerUrls }) => {
    const path = `/0/members/${id.toString(16)}`;
    const value = JSON.stringify({ peerURLs: peerUrls });
    const attributes = { ...directory(`${path}/raftAttributes`, {}), Value: value, Children: null };
    return [id.toString(16), directory(path, { raftAttributes: attributes })] as const;
  });
  return {
    Root: directory("/", {
      "0": directory("/0", { members: directory("/0/members", Object.fromEntries(memberNodes)) }),
      "1": directory("/1", {}),
    }),
    WatcherHub: {
      EventHistory: {
        Queue: {
          Events: Array.from({ length: v2EventsCapacity }, () => null),
          Size: 0,
          Front: 0,
          Back: 0,
          Capacity: v2EventsCapacity,
        },
        StartIndex: 0,
        LastIndex: 0,
      },
    },
    CurrentIndex: 0,
    Stats: {},
    CurrentVersion: 2,
  };
}
