/**
 * Seeds that have found a fault, each with the fault: every run of the tests replays them. A seed draws other events
 * when the code under test uses its random source differently; so each fault also has its own test (docs/bugs.md).
 */
export const keptSeeds: readonly { readonly seed: number; readonly found: string }[] = [
  { seed: 44, found: "a watcher of a cache with next to no history waited for ever" },
  { seed: 69, found: "DEADLINE of a write that was applied" },
  { seed: 74, found: "a collection that could not be listed across a compaction" },
  { seed: 147, found: "a list with consistency any that a lagging member failed" },
  { seed: 24, found: "a self-check that went on after its cache was closed" },
  { seed: 304, found: "deleteCollection beyond its selector" },
  { seed: 1047, found: "a counted quota that was left for an empty ledger" },
  { seed: 1402, found: "keeping leases alive without a wait between tries" },
  { seed: 25369, found: "NOT_FOUND of a write whose session's lease had ended before it was open" },
  { seed: 124, found: "a second restore that nobody was told of" },
  { seed: 176, found: "watchers that were told of another history before they were ended" },
  { seed: 20004, found: "an epoch that came back with its snapshot" },
  { seed: 11213, found: "an answer older than was asked for, over a restore" },
];
