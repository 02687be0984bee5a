/**
 * How a command line fails: a message and an exit code. The codes are etcdctl's, so that scripts carry over.
 */

export const exitCodes = {
  error: 1,
  badConnection: 2,
  badInput: 3,
  badFeature: 4,
  interrupted: 5,
  io: 6,
  badArguments: 128,
  /** As a shell reports a program ended by SIGINT. */
  sigint: 130,
} as const;

/** Ends the command: `Error: <message>` on stderr, unless the message is empty. */
export class CliFailure extends Error {
  override readonly name = "CliFailure";
  readonly exitCode: number;
  /** Printed below the error: what to do next. */
  readonly hint: string | undefined;

  constructor(
    exitCode: number,
    message: string,
    options: ErrorOptions & { readonly hint?: string | undefined } = {},
  ) {
    super(message, options);
    this.exitCode = exitCode;
    this.hint = options.hint;
  }
}

export const badArguments = (message: string): CliFailure => new CliFailure(exitCodes.badArguments, message);
export const badInput = (message: string): CliFailure => new CliFailure(exitCodes.badInput, message);
export const badFeature = (message: string): CliFailure => new CliFailure(exitCodes.badFeature, message);
