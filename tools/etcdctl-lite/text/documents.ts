/** Objects as people and scripts read them: YAML documents, indented JSON. */

/** One document of a stream, with `---` before it; `remark` stands above it as a comment. */
export async function yamlDocument(object: unknown, remark?: string): Promise<string> {
  const { stringify } = await import("yaml");
  const comment = remark === undefined ? "" : `# ${remark}\n`;
  return `---\n${comment}${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

export const jsonDocument = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
