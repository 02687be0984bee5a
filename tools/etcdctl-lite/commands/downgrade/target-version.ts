/** The `<TARGET_VERSION>` of a downgrade, with etcdctl's error texts. */
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";

/** @throws CliFailure for none, several, or an invalid version */
export function targetVersionOf(args: readonly string[]): string {
  const [version] = args;
  if (version === undefined) throw badArguments("TARGET_VERSION not provided");
  if (args.length > 1) throw badArguments("too many arguments");
  if (version === "") throw badArguments("target version not provided");
  if (!/^\d+\.\d+(\.\d+)?$/.test(version)) {
    // etcd's own text.
    throw new CliFailure(exitCodes.error, "etcdserver: wrong downgrade target version format");
  }
  return version;
}
