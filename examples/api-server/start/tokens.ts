/** Bearer tokens and their users, in the format of Kubernetes' --token-auth-file: token,user,uid,"group,group". */
import { readFile } from "node:fs/promises";
import { authenticatedGroup, type User } from "../access/user.ts";

/** @throws Error naming the line that has no token or no user */
export async function readTokens(path: string | undefined): Promise<ReadonlyMap<string, User>> {
  const tokens = new Map<string, User>();
  const lines = path === undefined ? [] : (await readFile(path, "utf8")).split("\n");
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [token, name, uid, groups = ""] = fieldsOf(line);
    if (!token || !name) throw new Error(`${path}:${i + 1}: expected token,user,uid`);
    const named = groups
      .split(",")
      .map((group) => group.trim())
      .filter(Boolean);
    tokens.set(token, { name, groups: [...named, authenticatedGroup], ...(uid ? { uid } : {}) });
  }
  return tokens;
}

/** Fields of a line of CSV; a quoted field may contain commas. */
const fieldsOf = (line: string): readonly string[] =>
  [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    (quoted ?? plain ?? "").trim(),
  );
