// The merges of a byte-pair vocabulary: as the file lists them, or recovered from the scores of its tokens.

export type Merge = readonly [left: string, right: string];

/** "left right" lines; a piece may begin with a space but never contains one further on. */
export function mergesFromFile(lines: readonly string[]): Merge[] {
  return lines.map((line) => {
    const space = line.indexOf(' ', 1);
    return [line.slice(0, space), line.slice(space + 1)];
  });
}

/**
 * SentencePiece merges the pair whose union has the best score. As a list: every way to cut a token into two tokens,
 * best score first; among equals the longer left part, then the longer right part, then the order of the vocabulary.
 */
export function mergesFromScores(tokens: readonly string[], scores: readonly number[]): Merge[] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const found: { merge: Merge; score: number; left: number; right: number }[] = [];
  tokens.forEach((token, id) => {
    const characters = Array.from(token);
    const cuts: { merge: Merge; left: number }[] = [];
    let left = '';
    for (let cut = 1; cut < characters.length; cut++) {
      left += characters[cut - 1]!;
      const right = token.slice(left.length);
      if (ids.has(left) && ids.has(right)) cuts.push({ merge: [left, right], left: cut });
    }
    cuts.sort((a, b) => ids.get(a.merge[0])! - ids.get(b.merge[0])!);
    for (const cut of cuts) found.push({ ...cut, score: scores[id]!, right: characters.length - cut.left });
  });
  found.sort((a, b) => b.score - a.score || b.left - a.left || b.right - a.right);
  return found.map(({ merge }) => merge);
}
