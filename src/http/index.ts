/** The door `keelson/http`: what a client's query means, for an API server of the reader's own. */
export { deleteQuery } from "./delete-query.ts";
export { getQuery, listQuery, watchQuery } from "./read-queries.ts";
