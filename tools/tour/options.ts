/** The options of the tour's command line, and its help. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TourError } from "./session.ts";

export interface TourOptions {
  /** Folder of the objects to load. */
  readonly manifests: string;
  /** Endpoints of a cluster to use; undefined: the tour starts its own etcd. */
  readonly endpoints: readonly string[] | undefined;
  /** Where in etcd the objects go. */
  readonly prefix: string;
  /** Where the tour's own etcd keeps its data. */
  readonly dataDir: string;
  /** Remove the data of earlier tours first. */
  readonly fresh: boolean;
  /** One JSON document instead of text. */
  readonly json: boolean;
  /** Some of the steps; undefined: all. */
  readonly only: readonly string[] | undefined;
  readonly help: boolean;
}

/**
 * @param args without node and the program
 * @param project folder that the defaults lie in
 * @throws TourError for an option that does not exist, or one without its value
 */
export function parseTourOptions(args: readonly string[], project: string): TourOptions {
  const { values } = parsed(args);
  return {
    manifests: values.manifests ?? join(project, "tools", "tour", "manifests"),
    endpoints: values.endpoints?.split(","),
    prefix: values.prefix ?? "/registry",
    dataDir: values["data-dir"] ?? join(project, ".cache", "tour"),
    fresh: values.fresh ?? false,
    json: values.json ?? false,
    only: values.only?.split(","),
    help: values.help ?? false,
  };
}

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        manifests: { type: "string" },
        endpoints: { type: "string" },
        prefix: { type: "string" },
        "data-dir": { type: "string" },
        fresh: { type: "boolean" },
        only: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    // Node's own message names the option.
    if (error instanceof TypeError) throw new TourError(`${error.message}; see --help`);
    throw error;
  }
};

/** @param steps ids of all steps */
export function tourHelp(steps: readonly string[]): string {
  return `Usage: npm start -- [options]

A guided tour of keelson on a real etcd.

Options:
  --manifests <dir>   objects to load (default: tools/tour/manifests)
  --endpoints <urls>  use this cluster, comma-separated, instead of an etcd of the tour's own
  --prefix <prefix>   where in etcd the objects go (default: /registry)
  --data-dir <dir>    where the tour's own etcd keeps its data (default: .cache/tour)
  --fresh             remove the data of earlier tours first
  --only <steps>      some of the steps, comma-separated: ${steps.join(", ")}
  --json              one JSON document instead of text
  -h, --help          this text
`;
}
