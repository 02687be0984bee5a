/**
 * The write-ahead log and raft snapshot from which a restored member starts: byte for byte what `etcdutl snapshot restore`
 * (3.5) writes, so that etcd finds a cluster that has agreed only on its members.
 *
 *   frame  = length u64 LE (low 56 bits; bit 63 and bits 56-58: pad bytes), record, zeros to a multiple of 8
 *   record = 1: type, 2: CRC-32C running over the data of all records so far, 3: data
 *   log    = crc 0, metadata, snapshot {0, 0}, one ConfChange entry per member, hard state, snapshot {N, term 1}
 *   .snap  = 1: CRC-32C of the data, 2: data = raft snapshot {1: v2 store as JSON, 2: metadata}
 */
import { crc32c } from "../../base/crc32c.ts";
import { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import { type Membership, memberJson } from "./membership.ts";

/** Term of everything a restore writes; etcd continues from there. */
export const restoreTerm = 1;

const recordType = { metadata: 1, entry: 2, state: 3, crc: 4, snapshot: 5 } as const;
const entryConfChange = 1;
const confChangeAddNode = 0;

/** The only segment, `member/wal/0000000000000000-0000000000000000.wal`, of the member with id `self`. */
export function walBytes(membership: Membership, self: bigint): Uint8Array {
  const { members, clusterId } = membership;
  const log = new WalWriter();
  log.crc();
  log.record(recordType.metadata, numbers(self, clusterId));
  log.record(recordType.snapshot, numbers(0, 0));
  members.forEach((member, i) => {
    const entry = new ProtoWriter();
    const change = entry.open();
    entry.bytesAlways(4, memberJson(member));
    entry.int64Always(3, member.id);
    entry.numberAlways(2, confChangeAddNode);
    entry.numberAlways(1, 0);
    entry.close(4, change);
    entry.numberAlways(3, i + 1);
    entry.numberAlways(2, restoreTerm);
    entry.numberAlways(1, entryConfChange);
    log.record(recordType.entry, entry.finish());
  });
  const commit = members.length;
  log.record(recordType.state, numbers(restoreTerm, members[0]?.id ?? 0n, commit));
  const snapshot = new ProtoWriter();
  writeConfState(snapshot, 3, membership);
  snapshot.numberAlways(2, restoreTerm);
  snapshot.numberAlways(1, commit);
  log.record(recordType.snapshot, snapshot.finish());
  return log.finish();
}

/** `member/snap/0000000000000001-<N>.snap`. */
export function snapBytes(membership: Membership): Uint8Array {
  const snapshot = new ProtoWriter();
  const metadata = snapshot.open();
  snapshot.numberAlways(3, restoreTerm);
  snapshot.numberAlways(2, membership.members.length);
  writeConfState(snapshot, 1, membership);
  snapshot.close(2, metadata);
  snapshot.bytesAlways(1, JSON.stringify(v2Store(membership)));
  const data = snapshot.finish();
  const file = new ProtoWriter(data.length + 16);
  file.bytesAlways(2, data);
  file.numberAlways(1, crc32c(data));
  return file.finish();
}

/** File name of the raft snapshot. */
export function snapName(membership: Membership): string {
  const part = (value: number): string => value.toString(16).padStart(16, "0");
  return `${part(restoreTerm)}-${part(membership.members.length)}.snap`;
}

/** `raftpb.ConfState` as a field: the voters, and that this is not a joint configuration. */
function writeConfState(writer: ProtoWriter, field: number, { members }: Membership): void {
  const mark = writer.open();
  writer.numberAlways(5, 0);
  for (const { id } of [...members].reverse()) writer.int64Always(1, id);
  writer.close(field, mark);
}

/** A message of numbers in fields 1, 2, …; gogo writes zeros too. */
function numbers(...values: readonly (number | bigint)[]): Uint8Array {
  const writer = new ProtoWriter(64);
  for (let field = values.length; field > 0; field--)
    writer.int64Always(field, BigInt(values[field - 1] ?? 0));
  return writer.finish();
}

class WalWriter {
  readonly #frames: Uint8Array[] = [];
  #crc = 0;

  /** Begins a segment; 0 in the first. */
  crc(): void {
    this.#frame(numbers(recordType.crc, this.#crc));
  }

  record(type: number, data: Uint8Array): void {
    this.#crc = crc32c(data, 0, data.length, this.#crc);
    const record = new ProtoWriter(data.length + 32);
    record.bytesAlways(3, data);
    record.numberAlways(2, this.#crc);
    record.numberAlways(1, type);
    this.#frame(record.finish());
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

/** Events that etcd's version 2 store keeps; it expects an array of exactly this capacity. */
const v2EventsCapacity = 1000;
const never = "0001-01-01T00:00:00Z";

type V2Node = { readonly [field: string]: unknown };

/** The version 2 store that raft snapshots still contain: only the members' peer URLs. */
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
