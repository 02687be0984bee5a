/** The clock that `keelson/testing` gives to users is the one of these tests. */
export { ManualClock, settled } from "../../../src/testing/manual-clock.ts";
