/**
 * Finds which etcd version a data directory belongs to, from its database, before an etcd starts on it: etcd 3.4 starts on
 * the data of a 3.6 without an error, since 3.6 no longer writes where 3.4 reads.
 *
 *   bucket "cluster", key "clusterVersion"    the version the members agreed on, "3.5.0"
 *   bucket "meta", key "storageVersion"       since 3.6: that of the schema
 *
 * Only these two keys are read, from a file that no process has open; etcd itself reports what cannot be parsed.
 * The format is bbolt's: pages of elements, little endian; a bucket is a value that names its root page, or holds it (root 0).
 */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { compareVersions } from "../versions/version.ts";

const pageHeaderBytes = 16;
const elementBytes = 16;
const bucketHeaderBytes = 16;
const metaMagic = 0xed0cdaed;
const flag = { branch: 1, leaf: 2 } as const;
/** Longer than a path from root to leaf in any real file. */
const depthMax = 32;

/** The highest version that a data directory names; undefined for a new one, or one that names none. */
export async function dataVersion(dataDir: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await open(join(dataDir, "member", "snap", "db"), "r");
  } catch {
    return undefined;
  }
  try {
    const database = await Database.open(file);
    const found = await Promise.all([
      database?.value("cluster", "clusterVersion"),
      database?.value("meta", "storageVersion"),
    ]);
    const versions = found.filter((text) => text !== undefined && /^\d+\.\d+/.test(text));
    return versions.sort((a = "", b = "") => compareVersions(a, b)).at(-1);
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

/** Whether data of version `data` is too new for `binary`: versions of one minor line can read each other's. */
export function isNewerLine(data: string, binary: string): boolean {
  const line = (version: string): string => version.split(".").slice(0, 2).join(".");
  return compareVersions(line(data), line(binary)) > 0;
}

class Database {
  readonly #file: FileHandle;
  readonly #pageSize: number;
  readonly #root: number;

  private constructor(file: FileHandle, pageSize: number, root: number) {
    this.#file = file;
    this.#pageSize = pageSize;
    this.#root = root;
  }

  /** Uses the meta page of the later transaction. */
  static async open(file: FileHandle): Promise<Database | undefined> {
    const first = await read(file, 0, 80);
    const pageSize = first.length < 80 ? 0 : first.readUInt32LE(pageHeaderBytes + 8);
    if (pageSize < 1024 || pageSize > 65_536) return undefined;
    const metas = [first, await read(file, pageSize, 80)]
      .filter((bytes) => bytes.length === 80 && bytes.readUInt32LE(pageHeaderBytes) === metaMagic)
      .map((bytes) => ({ root: bytes.readBigUInt64LE(32), txid: bytes.readBigUInt64LE(64) }))
      .sort((a, b) => (a.txid < b.txid ? -1 : 1));
    const latest = metas.at(-1);
    return latest === undefined ? undefined : new Database(file, pageSize, Number(latest.root));
  }

  async value(bucket: string, key: string): Promise<string | undefined> {
    const found = await this.#find(await this.#page(this.#root), Buffer.from(bucket));
    if (found === undefined || found.length < bucketHeaderBytes) return undefined;
    const root = Number(found.readBigUInt64LE(0));
    const page = root === 0 ? found.subarray(bucketHeaderBytes) : await this.#page(root);
    return (await this.#find(page, Buffer.from(key)))?.toString("latin1");
  }

  async #find(start: Buffer, key: Buffer): Promise<Buffer | undefined> {
    let page = start;
    for (let depth = 0; depth < depthMax; depth++) {
      const flags = page.readUInt16LE(8);
      const elements = Array.from({ length: page.readUInt16LE(10) }, (_, index) => {
        const at = pageHeaderBytes + index * elementBytes;
        const [from, keyBytes] =
          flags === flag.leaf
            ? [at + page.readUInt32LE(at + 4), page.readUInt32LE(at + 8)]
            : [at + page.readUInt32LE(at), page.readUInt32LE(at + 4)];
        return { at, from, key: page.subarray(from, from + keyBytes) };
      });
      if (flags === flag.leaf) {
        const found = elements.find((element) => element.key.equals(key));
        if (found === undefined) return undefined;
        const valueAt = found.from + found.key.length;
        return page.subarray(valueAt, valueAt + page.readUInt32LE(found.at + 12));
      }
      // The child of the last element whose key is not above the wanted key.
      const child = elements.findLast((element) => Buffer.compare(element.key, key) <= 0) ?? elements[0];
      if (flags !== flag.branch || child === undefined) return undefined;
      page = await this.#page(Number(page.readBigUInt64LE(child.at + 8)));
    }
    return undefined;
  }

  /** A page with its overflow. */
  async #page(id: number): Promise<Buffer> {
    const first = await read(this.#file, id * this.#pageSize, this.#pageSize);
    const overflow = first.readUInt32LE(12);
    return overflow === 0
      ? first
      : await read(this.#file, id * this.#pageSize, (overflow + 1) * this.#pageSize);
  }
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
