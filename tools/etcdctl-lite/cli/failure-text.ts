/** Errors as text for people: etcd's own message if it answered, the cause if it could not, and what to do next. */
import { isStoreError } from "keelson";
import { etcdServerText } from "keelson/etcd";
import { CliFailure, exitCodes } from "./failure.ts";

const wrongPassword = /invalid user ID or password|password was given for no password user/;

/** Advice for a cause, from what the client knows about it. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/nothing listens there/, "Is etcd running there? Check --endpoints."],
  [
    /the server expects TLS/,
    'Use "https://" in --endpoints, with --cacert and, if asked for, --cert and --key.',
  ],
  [/the server speaks plaintext/, 'Use "http://" in --endpoints.'],
  [/not signed by a trusted CA/, "Give the CA that signed the server's certificate with --cacert."],
  [/requires a client certificate|does not accept the client certificate/, "Give a valid --cert and --key."],
  [/for another name/, "Use an endpoint name that the server's certificate carries."],
  [/has expired|not valid yet/, "Renew the certificate, or check this machine's clock."],
  [/does not speak gRPC/, "That is no etcd's client port. Check the port in --endpoints (2379 by default)."],
  [/host name .* is not known/, "Check the host name in --endpoints."],
  [/tls\.key does not belong to tls\.cert/, "--cert and --key do not belong together."],
  [
    /tls\.key is encrypted/,
    "Give a key without a passphrase with --key: openssl pkey -in <file> -out <file>.",
  ],
  [/: tls\.ca /, "Check the file given with --cacert."],
  [/: tls\.cert /, "Check the file given with --cert."],
  [/: tls\.key /, "Check the file given with --key."],
  [wrongPassword, "Check --user and --password."],
  [
    /etcdserver: permission denied/,
    "The user's roles do not cover it: user get, role get; role grant-permission as root.",
  ],
  [/user name is empty/, "Authentication is on: give --user name[:password]."],
  [/holds no full backup yet/, "Take a full first, or give --auto: it takes one where a delta cannot be."],
  [/Cannot open snapshot "-"/, "A snapshot is read at any place of it, not in one go: write it to a file."],
  [/still seals \d+ of its objects/, "Give the keys with --keys-file."],
  [
    /database space exceeded/,
    "Compact, defragment, then disarm the alarm: compaction, defrag, alarm disarm.",
  ],
];

/** The error as a failure of the command line. Other errors than those of etcd or the user are returned unchanged. */
export function cliFailureOf(error: unknown): unknown {
  if (error instanceof CliFailure || !isStoreError(error)) return error;
  const said = etcdServerText(error);
  const message = said === undefined ? error.message : withService(said);
  const hint = hints.find(([pattern]) => pattern.test(message))?.[1];
  const exitCode = wrongPassword.test(message) ? exitCodes.badConnection : exitCodes.error;
  return new CliFailure(exitCode, message, { cause: error, ...(hint === undefined ? {} : { hint }) });
}

/** For commands whose refusals etcdctl reports as a bad connection: exit code 2 for an error from etcd itself. */
export function badConnectionOf(error: unknown): unknown {
  const failure = cliFailureOf(error);
  if (!isStoreError(error) || etcdServerText(error) === undefined || !(failure instanceof CliFailure))
    return failure;
  return new CliFailure(exitCodes.badConnection, failure.message, { cause: error, hint: failure.hint });
}

/** Adds the prefix of etcd's own client to texts that lack it. */
const withService = (text: string): string => text.replace(/^auth: /, "etcdserver: ");

/** What to do about it, if that is known. */
export function hintOf(error: unknown): string | undefined {
  const failure = cliFailureOf(error);
  return failure instanceof CliFailure ? failure.hint : undefined;
}

/** Only the cause, for lines that already name what failed. */
export function causeOf(error: unknown): string {
  const failure = cliFailureOf(error);
  return failure instanceof Error ? failure.message : String(failure);
}
