import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const door = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    // The doors, as the package exports them, but from source: tests never run a stale build.
    alias: [
      ...["etcd", "codec", "backup", "http", "testing"].map((name) => ({
        find: new RegExp(`^keelson/${name}$`),
        replacement: door(`${name}/index.ts`),
      })),
      { find: /^keelson$/, replacement: door("index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
