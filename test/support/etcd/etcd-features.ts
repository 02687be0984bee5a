/** Which features an etcd has, by the table of src/etcd/versions: what a test may expect of the etcd that it runs. */
import { expect } from "vitest";
import { type FeatureName, features, lineOf } from "../../../src/etcd/versions/release-lines.ts";
import { compareVersions } from "../../../src/etcd/versions/version.ts";

/** Whether etcd `version` has the feature. */
export function hasFeature(version: string, name: FeatureName): boolean {
  const since = features.find((each) => each.name === name)?.since;
  if (since === undefined) expect.fail(`the table has no feature "${name}"`);
  const ofLine = since.find((first) => lineOf(first) === lineOf(version));
  return compareVersions(version, ofLine ?? since.at(-1) ?? version) >= 0;
}
