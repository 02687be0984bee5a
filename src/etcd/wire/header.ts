/**
 * `ResponseHeader`, field 1 of nearly every reply. The header of a txn's members has only the revision,
 * and some replies (LeaseKeepAlive errors, an inner range) have none: missing fields read as zeros.
 */

import type { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import type { Header } from "../ports/messages.ts";
import type { WireReader } from "./reader.ts";

export const noHeader: Header = Object.freeze({ clusterId: 0n, memberId: 0n, revision: 0n, raftTerm: 0n });

export function readHeader(reader: WireReader): Header {
  const outer = reader.enter();
  let clusterId = 0n;
  let memberId = 0n;
  let revision = 0n;
  let raftTerm = 0n;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 8) clusterId = reader.uint64();
    else if (tag === 16) memberId = reader.uint64();
    else if (tag === 24) revision = reader.int64();
    else if (tag === 32) raftTerm = reader.uint64();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { clusterId, memberId, revision, raftTerm };
}

export function writeHeader(writer: ProtoWriter, field: number, header: Header): void {
  if (header === noHeader) return;
  const mark = writer.open();
  writer.int64(4, header.raftTerm);
  writer.int64(3, header.revision);
  writer.int64(2, header.memberId);
  writer.int64(1, header.clusterId);
  writer.close(field, mark);
}
