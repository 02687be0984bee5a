/** The store keeps the promises of reader and store. */
import { storeImplementation } from "./implementation.ts";
import { conformance } from "./suites.ts";

await conformance(storeImplementation);
