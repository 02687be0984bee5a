/** Sizes on the command line: `20MB`, `512k`, `1GiB`, plain bytes. */
import { badArguments } from "./failure.ts";

const units: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
};

/** @returns bytes, above 0 @throws CliFailure */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]i?)?b?$/i.exec(text);
  const bytes = match === null ? 0 : Number(match[1]) * (units[(match[2] ?? "").toLowerCase()] ?? 0);
  if (!(bytes >= 1)) throw badArguments(`bad size ${JSON.stringify(text)}, expecting bytes such as 20MB`);
  return Math.floor(bytes);
}
