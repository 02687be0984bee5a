/**
 * The sources as plain JavaScript, for tests that need a process of their own (to kill, to pause): Node 20 does
 * not run TypeScript. Types are stripped file by file into the project's cache, so the result is never stale.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** `folder` holds `src/**` as `.js`; dispose removes it. */
export async function compileSources(): Promise<AsyncDisposable & { readonly folder: string }> {
  const cache = join(root, ".cache");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "compiled-"));
  const files = await readdir(join(root, "src"), { recursive: true });
  for (const file of files.filter((name) => name.endsWith(".ts"))) {
    const { outputText } = ts.transpileModule(await readFile(join(root, "src", file), "utf8"), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        rewriteRelativeImportExtensions: true,
      },
    });
    const target = join(folder, "src", file.replace(/\.ts$/, ".js"));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, outputText);
  }
  return {
    folder,
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}
