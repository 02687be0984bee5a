/** One HTTP request on its way through the server: what came, who asks, where the answer goes. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { User } from "../access/user.ts";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly pathname: string;
  readonly query: URLSearchParams;
  readonly user: User;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/** True for a dry run: everything but the write is done. */
export const isDry = ({ query }: Exchange): boolean => query.getAll("dryRun").includes("All");
