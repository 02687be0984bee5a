/**
 * The Accept header, as Kubernetes' clients send it: media types with parameters, the client's favourite first.
 *
 *   application/json;as=Table;v=v1;g=meta.k8s.io,application/json      kubectl get
 *   application/vnd.kubernetes.protobuf,application/json               client-go
 *   application/json;stream=watch                                      a watch
 */

/** One media type of a header. */
export interface MediaType {
  /** "application/json"; lower case, may end in a wildcard. */
  readonly type: string;
  /** Parameters except q, names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
  /** 0 to 1; default 1. */
  readonly quality: number;
}

/** Longest header that is parsed, characters: kubectl's have 200. */
const headerCharactersMax = 4_096;

/**
 * Media types of an Accept header, the most preferred first, without those of quality 0; any type for an absent header.
 */
export function parseAccept(header: string | undefined): readonly MediaType[] {
  if (header === undefined || header.trim() === "") return [anything];
  return header
    .slice(0, headerCharactersMax)
    .split(",")
    .map(parseMediaType)
    .filter((media) => media !== undefined)
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
}

const anything: MediaType = { type: "*/*", parameters: new Map(), quality: 1 };

/** A media type with its parameters, as in Content-Type; undefined when it is malformed. */
export function parseMediaType(text: string): MediaType | undefined {
  const [type = "", ...rest] = text.split(";").map((part) => part.trim());
  if (!/^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+$/.test(type)) return undefined;
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const parameter of rest) {
    const [name = "", value = ""] = splitAt(parameter, "=");
    if (name.toLowerCase() === "q") quality = qualityOf(value);
    else if (name !== "") parameters.set(name.toLowerCase(), value.replace(/^"(.*)"$/, "$1"));
  }
  return { type: type.toLowerCase(), parameters, quality };
}

function qualityOf(value: string): number {
  const quality = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(value) ? Number(value) : Number.NaN;
  return Number.isNaN(quality) ? 1 : quality;
}

function splitAt(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** Whether a client that requests `wanted` accepts a response of type `type`. */
export function accepts(wanted: MediaType, type: string): boolean {
  if (wanted.type === "*/*" || wanted.type === type) return true;
  return wanted.type.endsWith("/*") && type.startsWith(wanted.type.slice(0, -1));
}
