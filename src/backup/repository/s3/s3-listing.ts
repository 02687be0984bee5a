/** Names of the objects below a folder, in pages of a thousand (ListObjectsV2). */
import type { S3Address } from "./s3-address.ts";
import type { S3Requests } from "./s3-requests.ts";
import { xmlParts, xmlText } from "./xml-text.ts";

export class S3Listing {
  readonly #requests: S3Requests;
  readonly #prefix: string;

  constructor(requests: S3Requests, address: S3Address) {
    this.#requests = requests;
    this.#prefix = address.prefix;
  }

  /** Everything below `folder`, without the repository's prefix, e.g. "chunks/ab/ab12…", in the server's order. */
  async names(folder: string): Promise<readonly string[]> {
    const found: string[] = [];
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
        found.push(key.slice(this.#prefix.length));
      }
      token = xmlText(xml, "IsTruncated") === "true" ? xmlText(xml, "NextContinuationToken") : undefined;
    } while (token !== undefined);
    return found;
  }
}
