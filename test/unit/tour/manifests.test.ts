/** Manifests as people write them, and as they should not. */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { definitionOf } from "../../../src/resource/model/define-kind.ts";
import { guessKind } from "../../../tools/tour/kinds.ts";
import { ManifestError, parseManifests, readManifests } from "../../../tools/tour/manifests.ts";
import { createWorld, mainKind } from "../../../tools/tour/world.ts";

const shipped = fileURLToPath(new URL("../../../tools/tour/manifests", import.meta.url));

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;

function fault(text: string): string {
  try {
    parseManifests(text, "bad.yaml");
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
  return "accepted";
}

describe("parseManifests()", () => {
  test("takes several documents, empty ones left out, and flattens lists", () => {
    const text = `${configMap("a")}---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- { apiVersion: v1, kind: Secret, metadata: { name: b, namespace: ns } }\n`;
    expect(parseManifests(text, "f.yaml").map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
      ["ConfigMap", "a"],
      ["Secret", "b"],
    ]);
  });

  test.each([
    [
      "a document without a kind",
      "apiVersion: v1\nmetadata: { name: a }\n",
      "bad.yaml:1: found an object with",
    ],
    ["a name that is no text", "apiVersion: v1\nkind: A\nmetadata: { name: 1 }\n", "expected an object with"],
    ["a list of names", "- a\n- b\n", "bad.yaml:1: found a list"],
    [
      "an anchor",
      `${configMap("a")}---\n\napiVersion: &v v1\nkind: *v\nmetadata: { name: b }\n`,
      "bad.yaml:6: anchors",
    ],
    ["a key given twice", "apiVersion: v1\nkind: A\nkind: B\nmetadata: { name: a }\n", "bad.yaml:3"],
    ["broken YAML", "apiVersion: v1\nkind: [\n", "bad.yaml:"],
  ])("refuses %s and says where", (_, text, claim) => {
    expect(fault(text)).toContain(claim);
  });
});

describe("readManifests()", () => {
  test("reads the world that ships with the project", async () => {
    const manifests = await readManifests(shipped);
    const namespaces = manifests
      .filter(({ kind }) => kind === "Namespace")
      .map(({ metadata }) => metadata.name);
    expect(manifests.length).toBeGreaterThanOrEqual(40);
    expect(namespaces).toEqual(expect.arrayContaining(["shop", "shop-staging"]));
    expect(new Set(manifests.map(({ kind }) => kind))).toEqual(
      new Set([
        "Namespace",
        "Node",
        "Pod",
        "Service",
        "ReplicationController",
        "Deployment",
        "Secret",
        "ConfigMap",
      ]),
    );
  });

  test("refuses a folder that is not there", async () => {
    await expect(readManifests(`${shipped}/no-such`)).rejects.toThrow(ManifestError);
  });
});

describe("createWorld()", () => {
  const world = createWorld(
    parseManifests(
      [
        configMap("in-default"),
        "apiVersion: example.com/v1\nkind: Policy\nmetadata: { name: p, namespace: ns }\n",
        "apiVersion: example.com/v1\nkind: Region\nmetadata: { name: r }\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: { name: m }\n",
      ].join("---\n"),
      "f.yaml",
    ),
  );

  test("puts namespaces first and cluster-scoped objects second", () => {
    expect(world.objects.map(({ name }) => name)).toEqual(["m", "r", "in-default", "p"]);
  });

  test("guesses kinds that nobody declared", () => {
    const guessed = world.kinds.filter(({ group }) => group === "example.com");
    expect(guessed.map(({ plural, scope }) => [plural, scope])).toEqual([
      ["policies", "Namespaced"],
      ["regions", "Cluster"],
    ]);
  });

  test("names the namespaces that are used but not declared", () => {
    expect(world.undeclaredNamespaces).toEqual(["default", "ns"]);
  });

  test("mainKind() is a namespaced kind of the manifests", () => {
    expect(mainKind(world).plural).toBe("configmaps");
  });
});

test("YAML is read as kubectl reads it: yes is a boolean, 0755 octal, a date or a time of day text", () => {
  const text =
    "apiVersion: v1\nkind: A\nmetadata: { name: a }\nspec: { on: yes, mode: 0755, date: 2026-01-02, at: 12:30, big: 1_000 }\n";
  const [manifest] = parseManifests(text, "f.yaml");
  expect(manifest?.["spec"]).toEqual({ true: true, mode: 0o755, date: "2026-01-02", at: "12:30", big: 1000 });
});

test("kinds of RBAC take names with a colon", () => {
  const kind = guessKind("rbac.authorization.k8s.io/v1", "ClusterRole", false);
  expect(definitionOf(kind).nameRule).toBe("segment");
  expect(definitionOf(guessKind("apps/v1", "DaemonSet", true)).nameRule).toBe("subdomain");
});
