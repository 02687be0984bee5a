/**
 * The names of the last backups written, in a separate object (`recent/backups`): a listing may be outdated, and a prune
 * that does not see the newest manifest would remove chunks that it names.
 *
 *   write    the name is added here, then the manifest is put: a killed writer leaves a name without a manifest
 *   list     the names in the listing, and these
 *   delete   the manifest, then its name
 *
 * The number of names is how many backups a listing may be behind. One writer at a time: the holder of the lock.
 */
import type { S3Requests } from "./s3-requests.ts";

/** 20 KB, written with each backup; with a delta every 20 s an hour of backups. */
const namesMax = 200;
const name = "recent/backups";

export class RecentBackups {
  readonly #requests: S3Requests;
  readonly #headers: Readonly<Record<string, string>>;
  #known: readonly string[] | undefined;

  /** @param headers of every object that is written */
  constructor(requests: S3Requests, headers: Readonly<Record<string, string>>) {
    this.#requests = requests;
    this.#headers = headers;
  }

  /** Names as they were written, e.g. "backups/20260101T….json", oldest first. */
  async names(): Promise<readonly string[]> {
    const { status, body } = await this.#requests.send({ method: "GET", name, accepted: [404] });
    this.#known = status === 404 ? [] : namesIn(body.toString("utf8"));
    return this.#known;
  }

  async add(written: string): Promise<void> {
    const names = (await this.names()).filter((each) => each !== written);
    await this.#put([...names, written].slice(-namesMax));
  }

  async remove(deleted: string): Promise<void> {
    if (this.#known?.includes(deleted) === false) return;
    const names = await this.names();
    if (names.includes(deleted)) await this.#put(names.filter((each) => each !== deleted));
  }

  async #put(names: readonly string[]): Promise<void> {
    const body = Buffer.from(JSON.stringify(names));
    await this.#requests.send({ method: "PUT", name, body, headers: this.#headers });
    this.#known = names;
  }
}

/** An object that is not a list of names is ignored: only the listing remains. */
function namesIn(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}
