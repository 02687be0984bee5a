/** Pages through a list while it changes: every page shows the version of the first. */
import type { Resource } from "keelson";
import type { Step } from "../step.ts";
import { mainKind, scratchNamespace } from "../world.ts";

const pageSize = 5;

export const page: Step = {
  id: "page",
  title: "Page through a list at one version, while it changes",
  async run({ store, scratch, world, signal, say, fact, expect }) {
    const kind = mainKind(world);
    const resources = store.resources(kind);
    const before = await resources.list({ signal });
    const seen: Resource[] = [];
    const versions: string[] = [];
    let continueToken: string | undefined;
    let later: Resource | undefined;
    do {
      const part = await resources.list({ limit: pageSize, continueToken, signal });
      const rest = part.remainingItemCount === undefined ? "" : `, ${part.remainingItemCount} to come`;
      say(
        `page ${versions.length + 1}: ${part.items.length} ${kind.plural} at version ${part.resourceVersion}${rest}`,
      );
      seen.push(...part.items);
      versions.push(part.resourceVersion);
      continueToken = part.continueToken;
      if (versions.length === 1) {
        // Objects change between the pages.
        await scratch.create(
          { metadata: { namespace: scratchNamespace, name: "between-pages" } },
          { signal },
        );
        later = before.items.at(-1);
        if (later !== undefined) await touch(later);
      }
    } while (continueToken !== undefined);
    fact("pages", versions.length);
    fact("items", seen.length);
    fact("resourceVersion", versions[0] ?? "");

    const now = await store.currentResourceVersion({ signal });
    say(`by then the store was at version ${now}`);
    expect(new Set(versions).size === 1 && versions[0] !== now, "every page is of the version of the first");
    const keyOf = ({ metadata }: Resource): string =>
      `${metadata.namespace}/${metadata.name}@${metadata.resourceVersion}`;
    expect(
      seen.map(keyOf).join() === before.items.map(keyOf).join(),
      "together they are the list as it was, no object twice, none missing",
    );

    async function touch(object: Resource): Promise<void> {
      const { namespace, name } = object.metadata;
      await resources.guaranteedUpdate(
        { namespace, name },
        (current) => ({
          ...current,
          metadata: {
            ...current.metadata,
            annotations: {
              ...current.metadata.annotations,
              "tour/touched-at-version": before.resourceVersion,
            },
          },
        }),
        { signal },
      );
      say(`${namespace}/${name} of a later page is changed`);
    }
  },
};
