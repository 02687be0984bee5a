/** `inspectSnapshot`: the output of `etcdutl snapshot status` and more, checked by the SHA-256, which status ignores. */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { systemClock } from "../../base/time/clock.ts";
import type { Progress } from "../../resource/contract/write-options.ts";
import { type OpenSnapshotOptions, openSnapshotNames, SnapshotFile } from "../database/snapshot-file.ts";
import { inParallel } from "../files/in-parallel.ts";
import { PassProgress } from "../files/pass-progress.ts";
import type { SnapshotInfo } from "../files/snapshot-info.ts";
import { examine } from "../records/examine.ts";

/**
 * Reads the whole file once for its hash and once for its pages, in bounded memory.
 * @throws INVALID_ARGUMENT when there is no such file; CORRUPT_SNAPSHOT with the offset for any damage
 */
export async function inspectSnapshot(
  path: string,
  options: OpenSnapshotOptions & {
    /** Called about ten times a second with the bytes read. */
    readonly onProgress?: ((progress: Progress) => void) | undefined;
  } & Call = {},
): Promise<SnapshotInfo> {
  checkOptions(options, "inspect a snapshot", { ...callNames, ...openSnapshotNames, onProgress: "function" });
  using scope = new CallScope(options, systemClock, `inspect snapshot "${path}"`);
  const progress = new PassProgress(systemClock, options.onProgress);
  await using file = await SnapshotFile.open(path, options, progress.add);
  progress.expect(file.databaseBytes);
  progress.begin(file.databaseBytes);
  const { signal } = scope;
  const [, { info }] = await inParallel([file.checkHash(signal), examine(file, { signal })]);
  progress.end();
  return info;
}
