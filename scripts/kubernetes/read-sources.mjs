/**
 * The files of Kubernetes' Go types, from an unpacked copy of Debian's packages: Go sources by package, and the .proto files
 * generated beside them.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where the types of the table lie, and the packages they refer to. */
const places = [
  "k8s.io/api",
  "k8s.io/apimachinery/pkg/apis/meta/v1",
  "k8s.io/apimachinery/pkg/apis/meta/v1beta1",
  "k8s.io/apimachinery/pkg/types",
  "k8s.io/apimachinery/pkg/runtime",
  "k8s.io/apimachinery/pkg/api/resource",
  "k8s.io/apimachinery/pkg/util/intstr",
  "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1",
  "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1",
];
const skippedFolders = new Set(["testdata", "schema", "serializer", "testing", "unstructured", "validation"]);

/**
 * @param {string} root holds usr/share/gocode/src
 * @returns {{ packages: { path: string, files: { name: string, text: string }[] }[], protos: Map<string, string> }}
 * protos: text by import path
 */
export function readSources(root) {
  const base = join(root, "usr", "share", "gocode", "src");
  /** @type {{ path: string, files: { name: string, text: string }[] }[]} */
  const packages = [];
  /** @type {Map<string, string>} */
  const protos = new Map();
  /** @param {string} path */
  const walk = (path) => {
    const folder = join(base, path);
    const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    const files = names
      .filter((name) => name.endsWith(".go") && !/_test\.go$|^zz_|generated/.test(name))
      .map((name) => ({ name: `${path}/${name}`, text: readFileSync(join(folder, name), "utf8") }));
    if (files.length > 0) packages.push({ path, files });
    if (names.includes("generated.proto")) {
      protos.set(path, readFileSync(join(folder, "generated.proto"), "utf8"));
    }
    for (const entry of entries) {
      if (entry.isDirectory() && !skippedFolders.has(entry.name)) walk(`${path}/${entry.name}`);
    }
  };
  for (const place of places) if (existsSync(join(base, place))) walk(place);
  return { packages, protos };
}
