#!/usr/bin/env node
/** `etcdctl-lite`: the process around `run`. SIGINT and SIGTERM end a command cleanly; a second one ends the process. */
import "./cli/supported-node.ts";
import { basename } from "node:path";
import { run } from "./run.ts";

/** As shells report a program ended by a signal. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;
/** Time after the command within which connections must close; then the process exits anyway. */
const lingerMs = 1_000;

const interrupt = new AbortController();
let code: number | undefined;
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => {
    code = signalCodes[name];
    interrupt.abort(new Error(`interrupted by ${name}`));
  });
}
// The reader has closed the pipe, as in `etcdctl-lite get … | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    // For example a full disk: exit without a stack trace, which would not help an operator.
    if (stream !== process.stderr) process.stderr.write(`Error: Cannot write the output: ${error.message}\n`);
    process.exit(1);
  });
}

// What the client has to say of an etcd's version, in one line; Node's own warnings are not for operators. What is of reads from
// a cache alone is left to doctor: a script that looks at stderr gets what etcdctl gives it.
process.removeAllListeners("warning");
process.on("warning", ({ name, message, ...facts }) => {
  const ofCaches = "code" in facts && facts.code === "KEELSON_PROGRESS";
  if (name === "KeelsonWarning" && !ofCaches) process.stderr.write(`Warning: ${message}\n`);
});

const { stdin, stdout, stderr, env } = process;
const called = basename(process.argv[1] ?? "").replace(/\.[cm]?[jt]s$/, "");
const program = called === "main" || called === "" ? "etcdctl-lite" : called;
const exitCode = await run(await commandLine(), {
  stdin,
  stdout,
  stderr,
  env,
  program,
  signal: interrupt.signal,
});
// A reader may be slow (`etcdctl-lite get … | less`): wait until all output is written.
for (const stream of [stdout, stderr]) {
  await new Promise<void>((resolve) => {
    interrupt.signal.addEventListener("abort", () => resolve());
    if (interrupt.signal.aborted) resolve();
    stream.write("", () => resolve());
  });
}
process.exitCode = interrupt.signal.aborted ? (code ?? exitCode) : exitCode;
if (!stdin.destroyed) stdin.unref?.();
setTimeout(() => process.exit(), lingerMs).unref();

/** The arguments as bytes: Node replaces invalid UTF-8 with U+FFFD. */
async function commandLine(): Promise<readonly string[]> {
  const args = process.argv.slice(2);
  if (!args.some((arg) => arg.includes("\ufffd"))) return args;
  const { readFile } = await import("node:fs/promises");
  const raw = await readFile("/proc/self/cmdline").catch(() => undefined);
  if (raw === undefined) return args;
  return (await import("./text/raw-bytes.ts")).exactArguments(args, raw);
}
