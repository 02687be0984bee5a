/**
 * Why a test or a suite is skipped, at the end of its name: `npm run test:matrix` counts skipped tests by what stands there.
 *
 *   test.skipIf(!openssl)(`certificates rotate${skipNote(!openssl, "no openssl on this machine")}`, …)
 *
 * A test that finds out while it runs says it to vitest: `context.skip(reason)`.
 */
export function skipNote(skipped: boolean, reason: string): string {
  return skipped ? ` (skipped: ${reason})` : "";
}
