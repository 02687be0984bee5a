/**
 * docs/api: the reference, rendered from the doc comments by TypeDoc as Markdown, a page for each entry point.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Application, TSConfigReader } from "typedoc";
import { projectFolder } from "../setup/find-etcd.mjs";
import { anchorsOf } from "./markdown-links.mjs";
import { entryPoints } from "./public-symbols.mjs";

export const referenceFolder = join(projectFolder, "docs", "api");

const intro = `# Reference

Rendered from the doc comments of the sources by \`npm run docs\`. Each page has one entry point of the package;
[errors](../errors.md) has every error code.

`;

/**
 * Renders the reference.
 * @returns {Promise<ReadonlyMap<string, string>>} text of each page by its path below docs/api
 * @throws Error for a link that leads nowhere, or a type that is shown and not exported
 */
export async function renderReference() {
  const folder = await mkdtemp(join(tmpdir(), "keelson-api-"));
  try {
    const app = await Application.bootstrapWithPlugins(
      {
        entryPoints: [...entryPoints().values()],
        tsconfig: join(projectFolder, "tsconfig.build.json"),
        plugin: ["typedoc-plugin-markdown"],
        name: "keelson",
        out: folder,
        logLevel: "Warn",
        treatWarningsAsErrors: true,
        treatValidationWarningsAsErrors: true,
        validation: { notExported: true, invalidLink: true, notDocumented: false },
        readme: "none",
        disableSources: true,
        excludeExternals: true,
        excludeInternal: true,
        excludePrivate: true,
        excludeTags: ["@module"],
        ...markdown,
      },
      [new TSConfigReader()],
    );
    const project = await app.convert();
    if (project === undefined) throw new Error("TypeDoc could not read the entry points");
    app.validate(project);
    await app.generateOutputs(project);
    if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error("TypeDoc has warned, see above");
    /** @type {Map<string, string>} */
    const rendered = new Map();
    const found = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const entry of found.filter((one) => one.isFile() && one.name.endsWith(".md"))) {
      const path = relative(folder, join(entry.parentPath, entry.name));
      const text = await readFile(join(entry.parentPath, entry.name), "utf8");
      rendered.set(path, path === "README.md" ? intro + text.replace(/^#.*\n+/, "") : text);
    }
    const anchors = new Map([...rendered].map(([path, text]) => [path, anchorsOf(text)]));
    return new Map([...rendered].map(([path, text]) => [path, withDocsLinks(path, text, anchors)]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Options of typedoc-plugin-markdown. */
const markdown = {
  outputFileStrategy: "modules",
  entryFileName: "README",
  hidePageHeader: true,
  hideBreadcrumbs: true,
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  typeDeclarationFormat: "table",
  propertyMembersFormat: "table",
};

/**
 * Links as the page needs them: "docs/errors.md#conflict" in a doc comment becomes one, and where TypeDoc numbers an anchor
 * that its page has only once, the number goes.
 * @param {string} page
 * @param {string} text
 * @param {ReadonlyMap<string, ReadonlySet<string>>} anchors of each page
 */
function withDocsLinks(page, text, anchors) {
  const up = "../".repeat(page.split("/").length);
  return text
    .replace(
      /(?<![\w/(])docs\/([\w-]+\.md)(#[\w-]+)?/g,
      (whole, file, anchor = "") => `[${whole}](${up}${file}${anchor})`,
    )
    .replace(/\]\(([\w./-]*)#([\w-]+?)(-\d+)\)/g, (whole, file, anchor, number) => {
      const there = anchors.get(file === "" ? page : join(page, "..", file));
      return !there?.has(anchor + number) && there?.has(anchor) ? `](${file}#${anchor})` : whole;
    });
}

/** Writes the pages to docs/api, and takes away what is no page any more. @param {ReadonlyMap<string, string>} pages */
export async function writeReference(pages) {
  await rm(referenceFolder, { recursive: true, force: true });
  for (const [path, text] of pages) {
    await mkdir(join(referenceFolder, path, ".."), { recursive: true });
    await writeFile(join(referenceFolder, path), text);
  }
}

/** Paths of pages that are not as docs/api has them. @param {ReadonlyMap<string, string>} pages @returns {Promise<readonly string[]>} */
export async function outdatedPages(pages) {
  const there = await readdir(referenceFolder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = there
    .filter((entry) => entry.isFile())
    .map((entry) => relative(referenceFolder, join(entry.parentPath, entry.name)));
  const differing = [];
  for (const path of new Set([...files, ...pages.keys()])) {
    const text = files.includes(path) ? await readFile(join(referenceFolder, path), "utf8") : undefined;
    if (text !== pages.get(path)) differing.push(path);
  }
  return differing;
}
