/**
 * `undelete` of several keys, and into manifests: deleted keys are restored byte for byte, or written as YAML for
 * kubectl.
 */

import { isStoreError } from "keelson";
import type { Etcd } from "keelson/etcd";
import { badArguments, CliFailure, exitCodes } from "../cli/failure.ts";
import { causeOf } from "../cli/failure-text.ts";
import type { Session } from "../cli/session.ts";
import { keySource, sourceOf } from "../store/key-source.ts";
import { kindCatalogue } from "../store/kind-catalogue.ts";
import { keyHint, valueReader } from "../store/value-reader.ts";
import { counted } from "../text/counted.ts";
import { goJson } from "../text/go-json.ts";
import { quoteBytes } from "../text/quote.ts";
import { planDirect, type WantedKey, writeDirect } from "./direct-restore.ts";
import { toManifests } from "./to-manifests.ts";

/** Restores every key of the snapshot that begins with `prefix` and no longer exists. Existing keys stay unchanged. */
export async function undeletePrefix(session: Session, prefix: string): Promise<void> {
  const { flags, io } = session;
  const file = flags.text("from");
  if (file === "") throw badArguments("undelete --prefix looks into a snapshot: give one with --from");
  const source = await keySource(session, file);
  const reader = await valueReader(session, file);
  const catalogue = await kindCatalogue(session, source, reader);
  const wanted: WantedKey[] = [];
  for await (const stored of source.scan(prefix)) {
    wanted.push({ stored, place: catalogue.placeOf(Buffer.from(stored.key).toString()) });
  }
  if (wanted.length === 0) {
    throw new CliFailure(
      exitCodes.error,
      `the snapshot has no key that begins with ${JSON.stringify(prefix)}`,
    );
  }
  wanted.sort((a, b) => Buffer.compare(a.stored.key, b.stored.key));
  const etcd = await session.connect();
  const plan = await planDirect(session, { etcd, reader, wanted, conflict: "skip" });
  const gone = plan.steps.map((step) => step.wanted.stored);
  if (flags.text("to-manifests") !== "") {
    return manifestsOf(
      session,
      reader,
      gone.map(({ key, value }) => ({ key: Buffer.from(key).toString(), value })),
    );
  }
  if (flags.on("dry-run")) {
    for (const { key, modRevision } of gone) {
      session.line(`${quoteBytes(key)} would come back, as of revision ${modRevision}`);
    }
    session.line(
      `${counted(gone.length, "key")} would come back, ${counted(wanted.length - gone.length, "is there", "are there")}`,
    );
    return;
  }
  if (gone.length > 0) await session.confirm(`This puts ${counted(gone.length, "key")}.`);
  const done = await writeDirect(session, etcd, plan);
  for (const { key, error } of done.failed) io.stderr.write(`${key}: ${causeOf(error)}\n`);
  const there = wanted.length - gone.length;
  if (flags.text("write-out") === "json") {
    session.line(goJson({ back: done.created, there, failed: done.failed.length }));
  } else
    session.line(
      `${counted(done.created, "key is", "keys are")} back, ${counted(there, "was there", "were there")}`,
    );
  if (done.failed.length > 0)
    throw new CliFailure(exitCodes.error, `${counted(done.failed.length, "key")} could not be brought back`);
}

/** The one deleted object, as a manifest. */
export async function undeleteToManifests(
  session: Session,
  etcd: Etcd,
  key: string,
  value: Uint8Array,
): Promise<void> {
  const file = session.flags.text("from");
  const from = file === "" ? (await sourceOf(session, etcd)).of : file;
  await manifestsOf(session, await valueReader(session, from), [{ key, value }]);
}

async function manifestsOf(
  session: Session,
  reader: Awaited<ReturnType<typeof valueReader>>,
  values: readonly { readonly key: string; readonly value: Uint8Array }[],
): Promise<void> {
  const objects = [];
  let unread = 0;
  let hint: string | undefined;
  for (const { key, value } of values) {
    try {
      const read = await reader.peek(key, value);
      if ("foreign" in read) throw badArguments(`${key} is no object: ${read.foreign}`);
      objects.push(read.object);
    } catch (error) {
      if (!isStoreError(error, "CORRUPT_OBJECT") && !(error instanceof CliFailure)) throw error;
      session.io.stderr.write(`${causeOf(error)}\n`);
      hint ??= keyHint(causeOf(error));
      unread++;
    }
  }
  await toManifests(session, objects);
  if (unread > 0)
    throw new CliFailure(exitCodes.error, `${counted(unread, "object")} could not be read`, { hint });
}
