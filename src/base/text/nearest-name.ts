/**
 * Finds the known name that an unknown one was meant to be: the one that contains it or that it contains ("selector"
 * for "labelSelector"), else the one with the fewest edits, if they are few. Case is ignored.
 */

/** Shorter pieces occur in too many names to identify one. */
const pieceCharactersMin = 3;

export function nearestName(name: string, known: readonly string[]): string | undefined {
  const word = name.toLowerCase();
  const editsMax = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let fewest = editsMax + 1;
  for (const candidate of known) {
    const edits = editsBetween(word, candidate.toLowerCase());
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best ?? known.find((candidate) => isPiece(word, candidate.toLowerCase()));
}

function isPiece(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.length >= pieceCharactersMin && long.includes(short);
}

/** Letters added, removed, replaced, or swapped with the next (optimal string alignment). */
function editsBetween(from: string, to: string): number {
  let above: readonly number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const edits = Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      next.push(swapped ? Math.min(edits, (above[j - 2] ?? 0) + 1) : edits);
    }
    above = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
