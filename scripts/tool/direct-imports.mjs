/**
 * Imports of the package's entry points, turned into imports of the files behind them, while etcdctl-lite is bundled.
 *
 * The tool imports only entry points, as all users do. A splitting bundler loads a whole entry point for each imported
 * name: `isStoreError` would bring the watch cache, quotas and all formats to the start of `endpoint health`.
 *
 *   import { isStoreError } from "keelson"                     src/errors.ts
 *   const { connectEtcd } = await import("keelson/etcd")       src/etcd/connect-etcd.ts, where all names are of one file
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectFolder } from "../setup/find-etcd.mjs";

const source = join(projectFolder, "src");

/** @returns {import("esbuild").Plugin} */
export function directImports() {
  /** @type {Map<string, Map<string, { file: string, name: string }>>} */
  const entryPoints = new Map();
  const entryPointOf = (/** @type {string} */ specifier) => {
    const known = entryPoints.get(specifier) ?? exportsOf(specifier);
    entryPoints.set(specifier, known);
    return known;
  };
  return {
    name: "direct-imports",
    setup(bundle) {
      bundle.onLoad({ filter: /tools\/etcdctl-lite\/.*\.ts$/ }, ({ path }) => ({
        contents: rewritten(readFileSync(path, "utf8"), entryPointOf),
        loader: "ts",
      }));
    },
  };
}

/**
 * @param {string} text
 * @param {(specifier: string) => ReadonlyMap<string, { file: string, name: string }>} entryPointOf
 */
function rewritten(text, entryPointOf) {
  return text
    .replace(/^import \{([^}]*)\} from "(keelson(?:\/\w+)?)";$/gm, (whole, list, specifier) => {
      const entryPoint = entryPointOf(specifier);
      const wanted = namesIn(list);
      if (wanted.some(({ name }) => !entryPoint.has(name))) return whole;
      return wanted
        .map(({ name, as }) => {
          const { file = "", name: own = "" } = entryPoint.get(name) ?? {};
          return `import { ${own} as ${as} } from ${JSON.stringify(file)};`;
        })
        .join(" ");
    })
    .replace(/\{([^{}]*)\} = await import\(\s*"(keelson(?:\/\w+)?)",?\s*\)/g, (whole, list, specifier) => {
      const entryPoint = entryPointOf(specifier);
      const wanted = namesIn(list.replaceAll(":", " as "));
      const found = wanted.map(({ name }) => entryPoint.get(name));
      const [first] = found;
      const isOne = found.every((each, at) => each?.file === first?.file && each?.name === wanted[at]?.name);
      return first === undefined || !isOne
        ? whole
        : `{${list}} = await import(${JSON.stringify(first.file)})`;
    });
}

/**
 * What an entry point has, and where it is from; types are left out.
 *
 * @param {string} specifier
 */
function exportsOf(specifier) {
  const entryPoint = join(source, specifier.replace(/^keelson\/?/, ""), "index.ts");
  /** @type {Map<string, { file: string, name: string }>} */
  const found = new Map();
  for (const [, list = "", file = ""] of readFileSync(entryPoint, "utf8").matchAll(
    /^export \{([^}]*)\} from "(\.[^"]+)";$/gm,
  )) {
    for (const { name, as } of namesIn(list)) found.set(as, { file: join(dirname(entryPoint), file), name });
  }
  return found;
}

/**
 * @param {string} list names of an import or export, types among them
 * @returns {{ name: string, as: string }[]}
 */
function namesIn(list) {
  return list
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "" && !each.startsWith("type "))
    .map((each) => {
      const [name = "", as = name] = each.split(/\s+as\s+/);
      return { name, as };
    });
}
