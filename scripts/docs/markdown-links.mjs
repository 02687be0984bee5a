/**
 * Links of the project's Markdown pages: each leads to a file of the project, and its anchor to a heading there. Paths
 * that a page names, in code too, exist.
 *
 * Anchors are GitHub's: the heading in lower case, without punctuation, spaces as "-"; a second one of a name gets "-1".
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/**
 * @param {string} root folder of the project
 * @param {readonly string[]} pages paths below it
 * @returns {readonly string[]} "page: link" of each that leads nowhere
 */
export function brokenLinks(root, pages) {
  /** @type {Map<string, ReadonlySet<string>>} */
  const known = new Map();
  /** @param {string} path */
  const anchorsIn = (path) => {
    let anchors = known.get(path);
    if (anchors === undefined) known.set(path, (anchors = anchorsOf(readFileSync(join(root, path), "utf8"))));
    return anchors;
  };
  return pages.flatMap((page) =>
    linksOf(readFileSync(join(root, page), "utf8"))
      .filter((link) => {
        if (/^[a-z][a-z+.-]*:/i.test(link)) return false;
        const [target = "", anchor] = link.split("#");
        const path = target === "" ? page : normalize(join(dirname(page), decodeURIComponent(target)));
        if (path.startsWith("..") || !existsSync(join(root, path))) return true;
        if (anchor === undefined || !path.endsWith(".md")) return false;
        return statSync(join(root, path)).isDirectory() || !anchorsIn(path).has(anchor);
      })
      .map((link) => `${page}: ${link}`),
  );
}

/**
 * @param {string} root folder of the project
 * @param {readonly string[]} pages paths below it
 * @returns {readonly string[]} "page: path" of each path below one of the project's folders that does not exist
 */
export function missingPaths(root, pages) {
  return pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(ownPath)]
      .map(([path]) => path)
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${page}: ${path}`),
  );
}

/** "test/unit/base/random.test.ts", "src/etcd"; not the end of a longer path. */
const ownPath =
  /(?<![\w/.-])(?:src|test|tools|scripts|docs|campaign|bench|examples|packages)\/[\w./-]*[\w-]/g;

/** @param {string} text */
function withoutCode(text) {
  return text
    .replace(/^(\s*)(```+|~~~+)[^\n]*\n[\s\S]*?^\1\2\s*$/gm, "")
    .replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, "");
}

/** Targets of inline links and images. @param {string} text @returns {readonly string[]} */
export function linksOf(text) {
  return [...withoutCode(text).matchAll(/\]\(<?([^)<>\s]+)>?(?:\s+"[^"]*")?\)/g)].map(
    ([, target = ""]) => target,
  );
}

/** Anchors of the headings of a page. @param {string} text @returns {ReadonlySet<string>} */
export function anchorsOf(text) {
  /** @type {Set<string>} */
  const anchors = new Set();
  /** @type {Map<string, number>} */
  const times = new Map();
  const body = text.replace(/^(\s*)(```+|~~~+)[^\n]*\n[\s\S]*?^\1\2\s*$/gm, "");
  for (const [, heading = ""] of body.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/\\(.)/g, "$1");
    const slug = shown
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
      .replaceAll(" ", "-");
    const before = times.get(slug) ?? 0;
    times.set(slug, before + 1);
    anchors.add(before === 0 ? slug : `${slug}-${before}`);
  }
  for (const [, id = ""] of body.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}
