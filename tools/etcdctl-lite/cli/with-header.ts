/** A port's result, together with the header of the response. */
import type { Header } from "keelson/etcd";

export async function withHeader<T>(
  call: (onHeader: (header: Header) => void) => Promise<T>,
): Promise<{ readonly header: Header; readonly value: T }> {
  let header: Header = { clusterId: 0n, memberId: 0n, revision: 0n, raftTerm: 0n };
  const value = await call((received) => {
    header = received;
  });
  return { header, value };
}
