/**
 * Checks where a restore may write: an absent or empty data directory, built under `<dir>.partial` and renamed when proved.
 * Every reason to refuse is checked here, before a byte is written.
 */
import { constants } from "node:fs";
import { access, lstat, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join, resolve } from "node:path";
import { makeDirectory } from "../../base/make-directory.ts";
import { systemErrorCode } from "../../base/system-error.ts";
import { messageOf } from "../../base/text/message-of.ts";
import { invalidArgument } from "../../errors.ts";
import { directoryMode } from "../files/durable.ts";

/** A port on this or a nearby machine answers or refuses well within this. */
const probeTimeoutMs = 1_000;
/** Mode of missing parents of a data directory, which belong to the caller: the same as with `mkdir -p`. */
const parentMode = 0o777;

/** The directories that a restore creates, by the option that names them. */
type TargetOption = "dataDir" | "walDir";

/** @throws INVALID_ARGUMENT unless `directory` is absent or empty and its parent can be written */
export async function checkTarget(option: TargetOption, directory: string): Promise<void> {
  const refuse = (reason: string): Error => refused(directory, reason, option);
  const found = await lstat(resolve(directory)).catch(() => undefined);
  if (found?.isSymbolicLink()) throw refuse("it is a symbolic link");
  const entries = await readdir(directory).catch((error: unknown) => {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw refuse(systemErrorCode(error) === "ENOTDIR" ? "it is a file" : String(error));
  });
  if (entries.length > 0) throw refuse(`it is not empty: it holds "${entries[0]}"`);
  const parent = dirname(resolve(directory));
  await makeDirectory(parent, parentMode).catch((error: unknown) => {
    throw refuse(messageOf(error));
  });
  await access(parent, constants.W_OK).catch(() => {
    throw refuse(`"${parent}" cannot be written`);
  });
}

/** Neither directory may be inside the other: each is renamed as a whole. @throws INVALID_ARGUMENT */
export function checkApart(dataDir: string, walDir: string): void {
  const within = (inner: string, outer: string): boolean => `${inner}/`.startsWith(`${outer}/`);
  if (!within(walDir, dataDir) && !within(dataDir, walDir)) return;
  throw refused(walDir, `it and the data directory "${dataDir}" lie within each other`, "walDir");
}

/** A new folder beside `walDir`, as `createPartial`. */
export async function createPartialLog(walDir: string): Promise<string> {
  const partial = `${resolve(walDir)}.partial`;
  const left = await readdir(partial).catch((error: unknown) => {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw refused(walDir, `"${partial}" is in the way`, "walDir");
  });
  if (left.some((name) => !name.endsWith(".wal"))) {
    throw refused(walDir, `"${partial}" is in the way, and no restore made it`, "walDir");
  }
  await rm(partial, { recursive: true, force: true });
  await makeDirectory(partial, directoryMode).catch((error: unknown) => {
    throw refused(walDir, messageOf(error), "walDir");
  });
  return partial;
}

/**
 * A new folder beside `dataDir` to build in. Removes what an interrupted restore left there, and nothing else.
 * @throws INVALID_ARGUMENT when something else is there
 */
export async function createPartial(
  dataDir: string,
  log: "with log" | "without log" = "with log",
): Promise<string> {
  const partial = `${resolve(dataDir)}.partial`;
  const left = await readdir(partial).catch((error: unknown) => {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw refused(dataDir, `"${partial}" is in the way`);
  });
  if (left?.some((name) => name !== "member")) {
    throw refused(dataDir, `"${partial}" is in the way, and no restore made it`);
  }
  await rm(partial, { recursive: true, force: true });
  for (const folder of log === "with log" ? ["snap", "wal"] : ["snap"]) {
    await makeDirectory(join(partial, "member", folder), directoryMode).catch((error: unknown) => {
      throw refused(dataDir, messageOf(error));
    });
  }
  return partial;
}

/** @throws INVALID_ARGUMENT when something answers at a peer URL: a running member must be stopped first */
export async function checkPeersSilent(peerUrls: readonly string[]): Promise<void> {
  await Promise.all(
    peerUrls.map(async (text) => {
      const url = new URL(text);
      const port = Number(url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port);
      const host = url.hostname.replace(/^\[|\]$/g, "");
      if (!(await answers(host, port))) return;
      throw invalidArgument(
        "initialAdvertisePeerUrls",
        `Cannot restore snapshot: something answers at the peer URL ${text}, expected no running member`,
      );
    }),
  );
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host, port, timeout: probeTimeoutMs });
    const end = (answer: boolean): void => {
      socket.destroy();
      settle(answer);
    };
    socket.once("connect", () => end(true));
    // A stalled process sees the timeout before the data already in its socket: setImmediate lets the data be read first.
    socket.once("timeout", () => setImmediate(end, false));
    socket.once("error", () => end(false));
  });
}

function refused(directory: string, reason: string, option: TargetOption = "dataDir"): Error {
  const what = option === "dataDir" ? "data directory" : "WAL directory";
  return invalidArgument(option, `Cannot restore snapshot into ${what} "${directory}": ${reason}`);
}
