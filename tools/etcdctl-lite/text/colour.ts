/** Colour on a terminal, unless NO_COLOR is set or the terminal is "dumb". Never in a pipe or a file. */

const codes = { bold: "1", dim: "2", red: "31", green: "32", yellow: "33" } as const;
export type Colour = keyof typeof codes;
export type Paint = (colour: Colour, text: string) => string;

export function painter(
  output: {
    readonly isTTY?: boolean | undefined;
    readonly own?: ((sequence: string) => string) | undefined;
  },
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const plain = output.isTTY !== true || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  const own = (code: string): string => output.own?.(`\u001b[${code}m`) ?? `\u001b[${code}m`;
  return plain ? (_colour, text) => text : (colour, text) => `${own(codes[colour])}${text}${own("0")}`;
}
