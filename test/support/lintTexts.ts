// Clean rows of texts that the rules were not tuned on: paragraphs of Markdown files as answers to their headings.
import { readFileSync } from 'node:fs';
import { lintText } from '../../src/lint/document.ts';
import { defaultSettings } from '../../src/lint/settings.ts';

/** Rows of three formats, each paragraph once in each; `files`: paths of Markdown files. */
export function rowsOfTexts(files: readonly string[]): readonly (readonly string[])[] {
  const pairs = files.flatMap((file) => {
    let heading = 'What is this about?';
    return readFileSync(file, 'utf8')
      .split(/\n{2,}/)
      .flatMap((part): [string, string][] => {
        const title = /^#+ (.*)/.exec(part.trim());
        if (title) heading = `Explain: ${title[1]}`;
        return title || part.trim().length < 40 ? [] : [[`${heading} (${part.length})`, part.trim()]];
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

/** Findings on rows of texts, for a person to judge: `code: row`. */
export function findingsOnTexts(files: readonly string[]): { rows: number; found: string[] } {
  const all = rowsOfTexts(files);
  const found = all.flatMap((rows) =>
    lintText(rows.join('\n'), defaultSettings).map(({ code, line }) => `${code}: ${rows[line - 1] ?? ''}`),
  );
  return { rows: all.reduce((sum, rows) => sum + rows.length, 0), found };
}
