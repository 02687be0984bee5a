/** The same objects as etcd sees them: plain keys, which the real etcdctl lists, too. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Step } from "../step.ts";

/** etcd's answer to --keys-only has an empty line after each key. */
const outputBytesMax = 64 * 1024 * 1024;

export const rawKeys: Step = {
  id: "raw-keys",
  title: "Look at the raw keys in etcd",
  async run({ etcd, session, world, signal, say, fact, expect }) {
    const { prefix, etcdctl, endpoints } = session;
    const root = `${prefix}/`;
    // "0" follows "/": the end, not included, of everything below the prefix.
    const { kvs } = await etcd.kv.range({ key: root, rangeEnd: `${prefix}0`, keysOnly: true }, { signal });
    const keys = kvs.map(({ key }) => new TextDecoder().decode(key));
    const folders = new Map<string, string[]>();
    for (const key of keys) {
      const folder = key.slice(root.length).split("/")[0] ?? "";
      folders.set(folder, [...(folders.get(folder) ?? []), key]);
    }
    for (const [folder, inside] of folders) {
      say(`${String(inside.length).padStart(4)} under ${root}${folder}/, as ${inside[0]}`);
    }
    fact("keys", keys.length);
    expect(
      keys.length >= world.objects.length,
      `there is a key for each of the ${world.objects.length} objects`,
    );
    if (etcdctl === undefined) {
      say("there is no etcdctl here to ask for a second opinion");
      return;
    }
    const { stdout } = await promisify(execFile)(
      etcdctl,
      ["--endpoints", endpoints.join(","), "get", "--prefix", root, "--keys-only"],
      { env: { ...process.env, ETCDCTL_API: "3" }, maxBuffer: outputBytesMax, signal },
    );
    const seen = stdout.split("\n").filter((line) => line !== "");
    expect(
      seen.join() === keys.join(),
      `etcdctl get --prefix ${root} --keys-only says the same ${seen.length} keys`,
    );
  },
};
