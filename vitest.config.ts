/**
 * Three projects: `unit` needs no etcd and no network, `integration` starts real etcds, `campaign` breaks a cluster of
 * them and has the machine to itself.
 *
 * Two workers whatever the machine has: an etcd is a process beside each. The bounds are outer ones, for a loaded
 * machine; no test waits for them.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const door = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** Folders of tests that need nothing but this process. */
const unitFolders = ["unit", "property", "types", "simulation"];
const unitFiles = unitFolders.map((folder) => `test/${folder}/**/*.test.ts`);

const campaignFiles = ["campaign/short.test.ts"];

// The doors, as the package exports them, but from source: tests never run a stale build.
const alias = [
  ...["etcd", "codec", "kubernetes", "backup", "http", "metrics", "testing"].map((name) => ({
    find: new RegExp(`^keelson/${name}$`),
    replacement: door(`${name}/index.ts`),
  })),
  { find: /^keelson$/, replacement: door("index.ts") },
];

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias },
        test: { name: "unit", include: unitFiles, testTimeout: 60_000, hookTimeout: 60_000 },
      },
      {
        resolve: { alias },
        test: {
          name: "integration",
          include: ["test/**/*.test.ts", "campaign/**/*.test.ts"],
          exclude: [...unitFiles, ...campaignFiles],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "campaign",
          include: campaignFiles,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
