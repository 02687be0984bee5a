/** Deletes only the intended object: a precondition on uid or version protects a recreated or changed object. */
import { isStoreError, type Preconditions } from "keelson";
import type { Step } from "../step.ts";
import { scratchNamespace } from "../world.ts";

export const deleteGuarded: Step = {
  id: "delete",
  title: "Delete with a precondition",
  async run({ scratch, signal, say, fact, expect }) {
    const key = { namespace: scratchNamespace, name: "lease" };
    const former = await scratch.create({ metadata: key, data: { holder: "first" } }, { signal });
    await scratch.delete(key, { signal });
    const current = await scratch.create({ metadata: key, data: { holder: "second" } }, { signal });
    say(
      `${key.name} was deleted and created again: another uid, version ${current.metadata.resourceVersion}`,
    );

    const attempt = async (preconditions: Preconditions): Promise<unknown> =>
      scratch.delete(key, { preconditions, signal }).then(
        () => undefined,
        (error: unknown) => error,
      );
    for (const [what, preconditions] of [
      ["the former uid", { uid: former.metadata.uid }],
      ["the former version", { resourceVersion: former.metadata.resourceVersion }],
    ] as const) {
      const error = await attempt(preconditions);
      if (error instanceof Error) say(error.message);
      expect(isStoreError(error, "PRECONDITION_FAILED"), `with ${what} it is refused: PRECONDITION_FAILED`);
    }
    const { uid, resourceVersion } = current.metadata;
    const gone = await scratch.delete(key, { preconditions: { uid, resourceVersion }, signal });
    fact("deletedAt", gone.metadata.resourceVersion);
    expect(
      BigInt(gone.metadata.resourceVersion) > BigInt(resourceVersion),
      `with the right ones it goes, at version ${gone.metadata.resourceVersion}`,
    );
    const missing = await scratch.get(key, { signal }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isStoreError(missing, "NOT_FOUND"), "and is not found again: NOT_FOUND");
  },
};
