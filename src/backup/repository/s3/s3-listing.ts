/** Names and times of the objects below a folder, in pages of a thousand (ListObjectsV2). */
import type { S3Address } from "./s3-address.ts";
import type { S3Requests } from "./s3-requests.ts";
import { xmlParts, xmlText } from "./xml-text.ts";

export interface ListedObject {
  /** Below the repository's prefix, e.g. "chunks/ab/ab12…". */
  readonly name: string;
  /** Milliseconds since 1970, by the server's clock, to the second with many servers. */
  readonly modifiedMs: number;
}

export class S3Listing {
  readonly #requests: S3Requests;
  readonly #prefix: string;

  constructor(requests: S3Requests, address: S3Address) {
    this.#requests = requests;
    this.#prefix = address.prefix;
  }

  /** Everything below `folder`, in the order of its names. */
  async objects(folder: string): Promise<readonly ListedObject[]> {
    const found: ListedObject[] = [];
    let token: string | undefined;
    do {
      const { body } = await this.#requests.send({
        method: "GET",
        name: "",
        query: {
          ...(token === undefined ? {} : { "continuation-token": token }),
          "encoding-type": "url",
          "list-type": "2",
          prefix: `${this.#prefix}${folder}/`,
        },
      });
      const xml = body.toString("utf8");
      for (const part of xmlParts(xml, "Contents")) {
        const key = decodeURIComponent((xmlText(part, "Key") ?? "").replaceAll("+", " "));
        if (!key.startsWith(this.#prefix)) continue;
        const modifiedMs = Date.parse(xmlText(part, "LastModified") ?? "");
        found.push({ name: key.slice(this.#prefix.length), modifiedMs });
      }
      token = xmlText(xml, "IsTruncated") === "true" ? xmlText(xml, "NextContinuationToken") : undefined;
    } while (token !== undefined);
    return found;
  }
}
