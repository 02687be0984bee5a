/** Colour only where somebody sees it. */
import { expect, test } from "vitest";
import { textPrinter } from "../../../tools/tour/printer.ts";

const colourCode = "\u001b[";

function printed(isTTY: boolean, environment: NodeJS.ProcessEnv): string {
  let text = "";
  const printer = textPrinter({ isTTY, write: (part) => (text += part) }, environment);
  printer.claim("it holds", true);
  return text;
}

test.each([
  ["a terminal has colour", true, {}, true],
  ["an empty NO_COLOR means nothing", true, { NO_COLOR: "" }, true],
  ["NO_COLOR on a terminal has none", true, { NO_COLOR: "1" }, false],
  ["a dumb terminal has none", true, { TERM: "dumb" }, false],
  ["a pipe has none", false, {}, false],
])("textPrinter(): %s", (_, isTTY, environment, coloured) => {
  const text = printed(isTTY, environment);
  expect(text).toContain("✓");
  expect(text.includes(colourCode)).toBe(coloured);
});
