/** The name that somebody most likely meant. */

/** The candidate with the fewest letters to insert, drop or replace; of equals the first. `candidates` is not empty. */
export function nearestOf(name: string, candidates: readonly string[]): string {
  let best = "";
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const edits = editsBetween(name.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) {
      best = candidate;
      fewest = edits;
    }
  }
  return best;
}

/** Levenshtein distance, a row at a time; long names are compared by their start. */
function editsBetween(a: string, b: string): number {
  const from = a.slice(0, comparedCharactersMax);
  const to = b.slice(0, comparedCharactersMax);
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** The work is quadratic, and no name of Kubernetes is longer. */
const comparedCharactersMax = 120;
