#!/usr/bin/env node
/** `etcdctl-lite`: the process around `run`. SIGINT and SIGTERM end a command cleanly; a second one ends the process. */
import "./cli/supported-node.ts";
import { basename } from "node:path";
import { run } from "./run.ts";

/** As shells tell a program ended by a signal. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;
/** A connection that does not end by itself once the command is over is left behind after this. */
const lingerMs = 1_000;

const interrupt = new AbortController();
let code: number | undefined;
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => {
    code = signalCodes[name];
    interrupt.abort(new Error(`interrupted by ${name}`));
  });
}
// A reader that has gone, as in `etcdctl-lite get … | head`: there is no reader left.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    // Such as a full disk behind the output: there is nothing left to do, and no stack for an operator.
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
// A reader may be slow (`etcdctl-lite get … | less`): all of the output comes first.
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

/** What was typed, to the byte: Node has put U+FFFD for what is no UTF-8. */
async function commandLine(): Promise<readonly string[]> {
  const args = process.argv.slice(2);
  if (!args.some((arg) => arg.includes("\ufffd"))) return args;
  const { readFile } = await import("node:fs/promises");
  const raw = await readFile("/proc/self/cmdline").catch(() => undefined);
  if (raw === undefined) return args;
  return (await import("./text/raw-bytes.ts")).exactArguments(args, raw);
}
