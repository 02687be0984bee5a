/** All faults that a schedule may choose from, by their numbers. */
import { adminFaults } from "./admin-faults.ts";
import { clientNetFaults } from "./client-net-faults.ts";
import { dataFaults } from "./data-faults.ts";
import type { FaultKind } from "./fault.ts";
import { memberFaults } from "./member-faults.ts";
import { ownFaults } from "./own-faults.ts";
import { peerFaults } from "./peer-faults.ts";

export const faultKinds: readonly FaultKind[] = [
  ...memberFaults,
  ...peerFaults,
  ...clientNetFaults,
  ...adminFaults,
  ...dataFaults,
  ...ownFaults,
];
