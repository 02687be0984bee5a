/**
 * `npm start`: a guided tour of keelson on a real etcd. Exits with 0 only when every step succeeds.
 *
 * Its own etcd keeps its data under .cache/tour, so a second tour finds the objects of the first; only --fresh deletes
 * them.
 */
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isStoreError } from "keelson";
import { messageOf } from "../../src/base/text/message-of.ts";
import { ManifestError, readManifests } from "./manifests.ts";
import { parseTourOptions, type TourOptions, tourHelp } from "./options.ts";
import { jsonPrinter, type Printer, textPrinter } from "./printer.ts";
import { openSession, TourError } from "./session.ts";
import { tourSteps } from "./steps/index.ts";
import { runTour } from "./tour.ts";
import { createWorld } from "./world.ts";

/** Time after closing everything until the process is forced to exit. */
const lingerMs = 5_000;
/** As a shell reports a program ended by SIGINT. */
const interruptedCode = 130;

const project = projectFolder(dirname(fileURLToPath(import.meta.url)));

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => interrupt.abort(new TourError(`interrupted by ${name}`)));
  }
  try {
    const options = parseTourOptions(args, project);
    if (options.help) {
      process.stdout.write(tourHelp(tourSteps.map(({ id }) => id)));
      return;
    }
    const printer = options.json ? jsonPrinter(process.stdout) : textPrinter(process.stdout, process.env);
    process.exitCode = await tour(options, printer, interrupt.signal);
  } catch (error) {
    const known = error instanceof TourError || error instanceof ManifestError || isStoreError(error);
    if (!known && !interrupt.signal.aborted) throw error;
    process.stderr.write(`tour: ${isStoreError(error) ? `${error.code}: ` : ""}${messageOf(error)}\n`);
    process.exitCode = 1;
  }
  if (interrupt.signal.aborted) process.exitCode = interruptedCode;
  setTimeout(() => process.exit(), lingerMs).unref();
}

async function tour(options: TourOptions, printer: Printer, signal: AbortSignal): Promise<number> {
  const steps = selectSteps(options.only);
  const manifests = await readManifests(resolve(options.manifests));
  const world = createWorld(manifests);
  await using session = await openSession({
    endpoints: options.endpoints,
    folder: resolve(options.dataDir),
    prefix: options.prefix.replace(/\/+$/, ""),
    fresh: options.fresh,
    world,
    signal,
  });
  const { etcdVersion, etcdPid, endpoints, resumed } = session;
  const data = `data ${resumed ? "kept" : "new"} in ${relative(process.cwd(), session.folder)}`;
  printer.opening([
    `etcd ${etcdVersion} at ${endpoints.join(", ")}${etcdPid === undefined ? "" : `, pid ${etcdPid}, ${data}`}`,
    `${manifests.length} objects of ${world.kinds.length + 1} kinds`,
  ]);
  const result = await runTour({ session, world, steps, printer, signal });
  printer.end(result);
  return result.ok ? 0 : 1;
}

function selectSteps(only: readonly string[] | undefined): typeof tourSteps {
  if (only === undefined) return tourSteps;
  const unknown = only.find((id) => !tourSteps.some((step) => step.id === id));
  if (unknown !== undefined) throw new TourError(`there is no step "${unknown}"; see --help`);
  // The other steps need the objects of create.
  return tourSteps.filter(({ id }) => id === "create" || only.includes(id));
}

/** The folder of package.json, above this file in the sources and in the build alike. */
function projectFolder(from: string): string {
  if (existsSync(join(from, "package.json")) || dirname(from) === from) return from;
  return projectFolder(dirname(from));
}
