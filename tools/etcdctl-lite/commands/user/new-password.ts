/** A new password: typed twice on a terminal, or a line of stdin with `--interactive=false`. */
import { badArguments } from "../../cli/failure.ts";
import { readAll } from "../../cli/io.ts";
import type { Session } from "../../cli/session.ts";

/** @throws CliFailure when the two differ, or nothing was typed */
export async function newPassword(session: Session, user: string): Promise<string> {
  const lines = (await readPasswordLines(session, user)).map((line) => line.replace(/\r$/, ""));
  const [first = "", second = first] = lines;
  if (session.flags.on("interactive")) {
    if (first === "") throw badArguments("empty password");
    if (first !== second) throw badArguments("given passwords are different");
  }
  return first;
}

async function readPasswordLines(session: Session, user: string): Promise<readonly string[]> {
  if (session.flags.on("interactive") && session.io.stdin.isTTY === true) {
    const first = await session.password(`Password of ${user}: `);
    return [first, await session.password(`Type password of ${user} again for confirmation: `)];
  }
  return (await readAll(session.io.stdin)).toString("utf8").split("\n");
}
