/** Tables as etcdctl draws them: headers in capitals and centred, cells to the right. */
import { printable } from "./printable.ts";

type Rows = readonly (readonly string[])[];

/** As etcdctl 3.5.30: lines drawn as such, none below the headers of an empty table. */
export function drawTable(headers: readonly string[], given: Rows): string {
  const { widths, titles, rows } = laidOut(headers, given);
  const rule = (left: string, between: string, right: string): string =>
    `${left}${widths.map((width) => "─".repeat(width + 2)).join(between)}${right}\n`;
  return [
    rule("┌", "┬", "┐"),
    lineOf(titles, widths, "│", centred),
    rows.length === 0 ? "" : rule("├", "┼", "┤"),
    ...rows.map((row) => lineOf(row, widths, "│", toTheRight)),
    rule("└", "┴", "┘"),
  ].join("");
}

/** As etcdctl 3.6.14. */
export function drawPlainTable(headers: readonly string[], given: Rows): string {
  const { widths, titles, rows } = laidOut(headers, given);
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+\n`;
  return [
    rule,
    lineOf(titles, widths, "|", centred),
    rule,
    ...rows.map((row) => lineOf(row, widths, "|", toTheRight)),
    rule,
  ].join("");
}

function laidOut(
  headers: readonly string[],
  given: Rows,
): { readonly titles: readonly string[]; readonly widths: readonly number[]; readonly rows: Rows } {
  const rows = given.map((row) => row.map((cell) => printable(cell)));
  const titles = headers.map((header) => header.toUpperCase());
  const widths = titles.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ""))),
  );
  return { titles, widths, rows };
}

function lineOf(
  cells: readonly string[],
  widths: readonly number[],
  bar: string,
  place: (text: string, width: number) => string,
): string {
  return `${bar}${widths.map((width, column) => ` ${place(cells[column] ?? "", width)} `).join(bar)}${bar}\n`;
}

/** Rows of a listing for people: columns two spaces apart, the last one as long as it is. */
export function alignColumns(given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map((cell) => printable(cell)));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    });
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)));
      return `${cells.join("   ").trimEnd()}\n`;
    })
    .join("");
}

const widthOf = (text: string): number => [...text].length;

function centred(text: string, width: number): string {
  const free = width - widthOf(text);
  const left = Math.floor(free / 2);
  return " ".repeat(left) + text + " ".repeat(free - left);
}

const toTheRight = (text: string, width: number): string => " ".repeat(width - widthOf(text)) + text;
