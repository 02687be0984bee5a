/**
 * An etcd that notes what is asked of it, for tests that count requests: each by its verb and the text of what it
 * names. What a process does of itself beside the calls under test (looking for namespaces to empty, sessions, records,
 * compaction) names other keys, so it is told apart by what it asks and never has to be guessed at by a number.
 */
import type { Etcd } from "keelson/etcd";

export interface RecordedEtcd {
  /** The same etcd; calls go through the record. Its streams and leases are those of the one it was made from. */
  readonly etcd: Etcd;
  /** `range {"key":"/registry/…",…}`, in the order asked; bytes as text. */
  readonly requests: readonly string[];
}

export function recordedEtcd(etcd: Etcd): RecordedEtcd {
  const requests: string[] = [];
  const noted = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return (...given: unknown[]) => {
          requests.push(`${String(name)} ${textOf(given[0])}`);
          return Reflect.apply(member, target, given);
        };
      },
    });
  return { etcd: { ...etcd, kv: noted(etcd.kv), watches: noted(etcd.watches) }, requests };
}

function textOf(request: unknown): string {
  const text = JSON.stringify(request, (_, part: unknown) =>
    typeof part === "bigint" ? `${part}` : part instanceof Uint8Array ? Buffer.from(part).toString() : part,
  );
  return text ?? "";
}
