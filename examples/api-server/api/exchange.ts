/** One HTTP request inside the server: the request, its user, and its response. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { User } from "../access/user.ts";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly pathname: string;
  readonly query: URLSearchParams;
  readonly user: User;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
}

/** True for a dry run: everything but the write is done. */
export const isDry = ({ query }: Exchange): boolean => query.getAll("dryRun").includes("All");
