/** Debian's packages of Kubernetes' Go types: fetched, unpacked, and removed when the process ends. */
import { join } from "node:path";
import { projectFolder } from "../setup/find-etcd.mjs";
import { SetupError } from "../setup/report.mjs";

/** @returns {Promise<{ root: string, versions: string[] }>} */
export async function fetchTypePackages() {
  throw new SetupError(`not yet: ${join(projectFolder)}`);
}
