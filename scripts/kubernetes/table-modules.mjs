/**
 * The table as modules of src/kubernetes/types/table/: a few groups of Kubernetes each, plain lines in one text.
 */

/** Which file holds which groups; a group that Kubernetes adds goes to "others" until it is put somewhere. */
/** @type {Readonly<Record<string, readonly string[]>>} */
const groupsOf = {
  meta: ["meta"],
  core: ["core"],
  workloads: ["apps", "batch", "extensions"],
  scaling: ["autoscaling", "policy"],
  networking: ["networking", "discovery"],
  storage: ["storage", "storagemigration"],
  devices: ["resource"],
  scheduling: ["scheduling", "node", "coordination", "flowcontrol"],
  access: ["rbac", "authentication", "authorization", "certificates"],
  admission: ["admission", "admissionregistration", "imagepolicy"],
  extending: ["apiextensions", "apiregistration", "apiserverinternal", "apidiscovery"],
};

/**
 * @param {ReadonlyMap<string, readonly string[]>} facts lines by package
 * @param {readonly string[]} sources what they were made from, a line each
 * @returns {Map<string, string>} text by file name, index included
 */
export function tableModules(facts, sources) {
  /** @type {Map<string, string[]>} */
  const files = new Map();
  for (const [name, lines] of facts) {
    const group = name.slice(0, name.indexOf("/"));
    const file = Object.keys(groupsOf).find((key) => groupsOf[key]?.includes(group)) ?? "others";
    files.set(file, [...(files.get(file) ?? []), lines.join("\n"), ""]);
  }
  /** @type {Map<string, string>} */
  const modules = new Map();
  const header = (/** @type {string} */ what) =>
    `/**\n * ${what}; made by \`npm run kubernetes:table\`, not by hand.\n */\n`;
  for (const [file, parts] of files) {
    const text = parts.join("\n").replace(/[\\`]|\$\{/g, "\\$&");
    modules.set(
      `${file}.ts`,
      `${header(`Facts of Kubernetes' API types (${file})`)}export const ${file}: string = \`\n${text}\`;\n`,
    );
  }
  const names = [...files.keys()].sort();
  modules.set(
    "all.ts",
    `${header("Facts of all of Kubernetes' API types")}${names.map((name) => `import { ${name} } from "./${name}.ts";\n`).join("")}
/** What the facts were taken from. */
export const tableSources: readonly string[] = [
${sources.map((source) => `  ${JSON.stringify(source)},\n`).join("")}];

/** The facts as text, in the form that scripts/kubernetes/type-facts.mjs tells. */
export const tableTexts: readonly string[] = [${names.join(", ")}];
`,
  );
  return modules;
}
