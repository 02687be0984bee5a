/**
 * The tour's output: live text for people, or one JSON document at the end for programs.
 *
 * Colour only on a terminal, and never when NO_COLOR is set or TERM is "dumb".
 */
import type { Fact, Step } from "./step.ts";

export interface StepResult {
  readonly id: string;
  readonly title: string;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly lines: readonly string[];
  readonly claims: readonly string[];
  readonly facts: Readonly<Record<string, Fact>>;
  readonly error?: { readonly code?: string; readonly message: string };
}

export interface TourResult {
  readonly ok: boolean;
  readonly etcd: { readonly version: string; readonly endpoints: readonly string[] };
  readonly durationMs: number;
  /** Steps that have begun; fewer than `planned` when the tour ended early. */
  readonly steps: readonly StepResult[];
  readonly planned: number;
  /** Why the tour ended early. */
  readonly error?: string;
}

export interface Printer {
  opening(lines: readonly string[]): void;
  stepBegins(step: Step, number: number): void;
  line(line: string): void;
  claim(claim: string, holds: boolean): void;
  stepEnds(result: StepResult): void;
  end(result: TourResult): void;
}

interface Output {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Live text of the steps. */
export function textPrinter(output: Output, environment: NodeJS.ProcessEnv): Printer {
  const paint = painter(output, environment);
  const print = (line = ""): void => void output.write(`${line}\n`);
  return {
    opening(lines) {
      for (const line of lines) print(paint("dim", line));
    },
    stepBegins({ title }, number) {
      print();
      print(paint("bold", `${String(number).padStart(2)}  ${title}`));
    },
    line(line) {
      print(`    ${line}`);
    },
    claim(claim, holds) {
      print(`    ${holds ? paint("green", "✓") : paint("red", "✗")} ${claim}`);
    },
    stepEnds({ error, claims }) {
      // A failed claim has already been printed.
      if (error !== undefined && !claims.includes(`not: ${error.message}`)) {
        print(
          `    ${paint("red", "✗")} ${error.code === undefined ? "" : `${error.code}: `}${error.message}`,
        );
      }
    },
    end({ ok, steps, planned, durationMs, error }) {
      const passed = steps.filter((step) => step.ok).length;
      print();
      if (error !== undefined && steps.at(-1)?.error?.message !== error) print(paint("red", error));
      const text = `${passed} of ${planned} steps did what they say, in ${(durationMs / 1000).toFixed(1)} s`;
      print(paint(ok ? "green" : "red", text));
    },
  };
}

/** Nothing until the end, then one document. */
export function jsonPrinter(output: Output): Printer {
  const silent = (): void => {};
  return {
    opening: silent,
    stepBegins: silent,
    line: silent,
    claim: silent,
    stepEnds: silent,
    end: (result) => void output.write(`${JSON.stringify(result, null, 2)}\n`),
  };
}

type Style = "bold" | "dim" | "green" | "red";

const codes: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31, green: 32 };

function painter(output: Output, environment: NodeJS.ProcessEnv): (style: Style, text: string) => string {
  const wanted = (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
  if (output.isTTY !== true || !wanted) return (_, text) => text;
  return (style, text) => `\u001b[${codes[style]}m${text}\u001b[0m`;
}
