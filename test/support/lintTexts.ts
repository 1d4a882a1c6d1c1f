// Clean rows of texts that the rules were not tuned on: paragraphs of Markdown files as answers to their headings.
import { readFileSync } from 'node:fs';
import { lintText } from '../../src/lint/document.ts';
import { defaultSettings } from '../../src/lint/settings.ts';

/** Rows of three formats, each paragraph once in each, fenced code whole; `files`: paths of Markdown files. */
export function rowsOfTexts(files: readonly string[]): readonly (readonly string[])[] {
  const seen = new Set<string>();
  const pairs = files.flatMap((file) => {
    let heading = 'What is this about?';
    return paragraphs(readFileSync(file, 'utf8')).flatMap((part): [string, string][] => {
      const title = /^#+ (.*)/.exec(part);
      if (title) heading = `Explain: ${title[1]}`;
      // What stands in several files is a duplicate, and rightly found.
      if (title || part.length < 40 || seen.has(part)) return [];
      seen.add(part);
      return [[`${heading} (${file}, ${seen.size})`, part]];
    });
  });
  return [
    pairs.map(([asked, said]) =>
      JSON.stringify({
        messages: [
          { role: 'user', content: asked },
          { role: 'assistant', content: said },
        ],
      }),
    ),
    pairs.map(([asked, said]) => JSON.stringify({ instruction: asked, input: '', output: said })),
    pairs.map(([asked, said], i) => JSON.stringify({ prompt: asked, chosen: said, rejected: `I do not know (${i}).` })),
  ];
}

/** Parts between blank lines; a fence holds what is in it together. */
function paragraphs(text: string): string[] {
  const parts: string[] = [];
  let fence: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (fence === undefined && line.trim() === '') parts.push('');
    else parts.push(`${parts.pop() ?? ''}${line}\n`);
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark === undefined) continue;
    if (fence === undefined) fence = mark;
    else if (mark.startsWith(fence)) fence = undefined;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Findings on rows of texts, for a person to judge: `code: row`. */
export function findingsOnTexts(files: readonly string[]): { rows: number; found: string[] } {
  const all = rowsOfTexts(files);
  const found = all.flatMap((rows) =>
    lintText(rows.join('\n'), defaultSettings).map(({ code, line }) => `${code}: ${rows[line - 1] ?? ''}`),
  );
  return { rows: all.reduce((sum, rows) => sum + rows.length, 0), found };
}
