/** One output format: turns results into bytes on stdout. A format that cannot show a result refuses it. */
import { CliFailure, exitCodes } from "../cli/failure.ts";
import type { CommandIo } from "../cli/io.ts";
import type { Result } from "../results.ts";
import type { ToolLine } from "./tool-line.ts";

export interface Printer {
  print(result: Result): void;
}

export interface PrinterOptions {
  readonly io: Pick<CommandIo, "stdout" | "stderr">;
  readonly hex: boolean;
  /**
   * The etcdctl release whose format is used; read at print time, because it is known only after a server has answered.
   */
  readonly line: () => ToolLine;
}

export function refuseFormat(format: string): never {
  throw new CliFailure(exitCodes.badFeature, `${format} not supported as output format`);
}
