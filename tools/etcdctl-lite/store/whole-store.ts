/** A store with every kind it has on record, for commands that count or write across kinds. */
import type { Store } from "keelson";
import type { Session } from "../cli/session.ts";
import { kindFor } from "./known-kinds.ts";
import { openForWriting, recordsOf } from "./store-flags.ts";

/** What cannot be seen cannot be counted: a kind that is left out would count as nothing used. */
export async function openWholeStore(session: Session): Promise<Store> {
  const etcd = await session.connect();
  const records = await recordsOf(session, etcd);
  const kinds = await Promise.all(records.kinds.map((record) => kindFor(record)));
  return openForWriting(session, etcd, { kinds, records });
}
