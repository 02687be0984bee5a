/** One output format: turns results into bytes on stdout. A format that cannot show a result refuses it. */

import { badFeature, CliFailure, exitCodes } from "../frame/failure.ts";
import type { CommandIo } from "../frame/io.ts";
import type { Result } from "../results.ts";

export interface Printer {
  print(result: Result): void;
}

export interface PrinterOptions {
  readonly io: Pick<CommandIo, "stdout" | "stderr">;
  readonly hex: boolean;
}

export const formatNames = ["fields", "json", "protobuf", "simple", "table"] as const;

/** @throws CliFailure for a format that does not exist */
export async function createPrinter(format: string, options: PrinterOptions): Promise<Printer> {
  switch (format) {
    case "simple":
      return (await import("./simple.ts")).simplePrinter(options);
    case "json":
      return (await import("./json.ts")).jsonPrinter(options);
    case "fields":
      return (await import("./fields.ts")).fieldsPrinter(options);
    case "table":
      return (await import("./table.ts")).tablePrinter(options);
    case "protobuf":
      return { print: () => refuseFormat(format) };
    default:
      throw badFeature("unsupported output format");
  }
}

export function refuseFormat(format: string): never {
  throw new CliFailure(exitCodes.badFeature, `${format} not supported as output format`);
}
