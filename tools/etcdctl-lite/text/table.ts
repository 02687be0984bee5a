/** Tables as etcdctl 3.5.30 draws them: headers in capitals and centred, cells to the right. */
import { printable } from "./printable.ts";

export function drawTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = headers.map((header) => header.toUpperCase());
  const widths = titles.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ""))),
  );
  const rule = (left: string, between: string, right: string): string =>
    `${left}${widths.map((width) => "─".repeat(width + 2)).join(between)}${right}\n`;
  const line = (cells: readonly string[], place: (text: string, width: number) => string): string =>
    `│${widths.map((width, column) => ` ${place(cells[column] ?? "", width)} `).join("│")}│\n`;
  return [
    rule("┌", "┬", "┐"),
    line(titles, centred),
    rows.length === 0 ? "" : rule("├", "┼", "┤"),
    ...rows.map((row) => line(row, toTheRight)),
    rule("└", "┴", "┘"),
  ].join("");
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
