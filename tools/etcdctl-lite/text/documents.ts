/** Objects as people and scripts read them: YAML documents, indented JSON. */

/** One document of a stream, with `---` before it; `remark` stands above it as a comment. */
export async function yamlDocument(object: unknown, remark?: string): Promise<string> {
  const { stringify } = await import("yaml");
  const comment = remark === undefined ? "" : `# ${remark}\n`;
  // Readers of YAML 1.1, kubectl among them, take "on", "012" and "12:30" for something else: those are quoted, too.
  return `---\n${comment}${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false, compat: "yaml-1.1" })}`;
}

export const jsonDocument = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
