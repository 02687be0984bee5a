#!/usr/bin/env node
/**
 * `npm run cases -- DIR [--times N]`: runs every case of a folder on the built checkout and reports which faults it
 * has.
 *
 * A case is a program `NAME.mjs` that finds the checkout in KEELSON and exits 0 when it is sound, 1 when it shows its fault
 * and 3 when it cannot run here; files that begin with `_` or `.` are what cases share. Each runs three times (or N), since
 * a race shows in some runs only. One line a case; the exit code is 1 when a case showed a fault, ended otherwise or hung,
 * 2 when there is nothing to run.
 */
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { projectFolder } from "./setup/find-etcd.mjs";

const usage = "usage: npm run cases -- DIR [--times N]\n";
/** The slowest case takes 80 s on a quiet machine. */
const caseTimeoutMs = 5 * 60_000;
/** Characters of a case's output that are kept: the last ones, which say what it found. */
const outputMax = 64 * 1024;
const cannotRun = 3;

/**
 * @param {string} file
 * @returns {Promise<{ code: number | string, output: string, seconds: number }>} a code in words: how else it ended
 */
function runCase(file) {
  return new Promise((settle) => {
    const startedMs = performance.now();
    let output = "";
    let hung = false;
    const child = spawn(process.execPath, [file], {
      env: { ...process.env, KEELSON: process.env["KEELSON"] ?? projectFolder },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: what a hung case has started ends with it.
      detached: true,
    });
    const timer = setTimeout(() => {
      hung = true;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, caseTimeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        output = (output + text).slice(-outputMax);
      });
    }
    /** @param {number | string} code */
    const end = (code) => {
      clearTimeout(timer);
      settle({ code, output, seconds: (performance.now() - startedMs) / 1000 });
    };
    child.on("error", (error) => end(error.message));
    child.on("close", (code, signal) => end(hung ? "hung" : (code ?? signal ?? "ended")));
  });
}

/** @param {readonly (number | string)[]} codes */
function verdictOf(codes) {
  if (codes.every((code) => code === 0)) return "sound";
  if (codes.every((code) => code === 0 || code === cannotRun)) return "cannot run";
  return "FAULT";
}

/** The line of a case's output that says most: what it calls a fault, else an error, else the last one. @param {string} output */
function reasonIn(output) {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const found =
    lines.find((line) => line.includes("FAULT")) ?? lines.find((line) => /error/i.test(line)) ?? lines.at(-1);
  return (found ?? "it said nothing").trim().slice(0, 200);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: "string", default: "3" } },
});
const [folder] = positionals;
const times = Number(values.times);
if (folder === undefined || positionals.length > 1 || !Number.isSafeInteger(times) || times < 1) {
  process.stderr.write(usage);
  process.exit(2);
}
const files = (await readdir(folder)).filter((name) => /^[^._].*\.mjs$/.test(name)).sort();
if (files.length === 0) {
  process.stderr.write(`There is no case in ${resolve(folder)}\n`);
  process.exit(2);
}

const width = Math.max(...files.map((name) => name.length)) - ".mjs".length;
/** @type {Record<string, number>} */
const totals = {};
for (const name of files) {
  const runs = [];
  for (let i = 0; i < times; i++) runs.push(await runCase(resolve(join(folder, name))));
  const verdict = verdictOf(runs.map(({ code }) => code));
  totals[verdict] = (totals[verdict] ?? 0) + 1;
  const codes = runs.map(({ code }) => code).join(" ");
  const slowest = Math.max(...runs.map(({ seconds }) => seconds)).toFixed(1);
  process.stdout.write(
    `${name.slice(0, -".mjs".length).padEnd(width)}  ${verdict.padEnd(10)}  ${codes.padEnd(5)}  ${slowest.padStart(6)} s\n`,
  );
  const worst =
    runs.find(({ code }) => code !== 0 && code !== cannotRun) ?? runs.find(({ code }) => code !== 0);
  if (worst !== undefined) process.stdout.write(`${" ".repeat(width + 2)}${reasonIn(worst.output)}\n`);
}
const counts = Object.entries(totals).map(([verdict, count]) => `${count} ${verdict}`);
process.stdout.write(`${files.length} cases, ${times} times each: ${counts.join(", ")}\n`);
process.exitCode = totals["FAULT"] === undefined ? 0 : 1;
