// A run as a few lines of Markdown, to be pasted into an issue or a note. Pure.

import type { RunSections } from '../../src/protocol/panelViews.ts';
import { flatten, valueText } from '../configValues.ts';
import { t } from '../strings.ts';
import { describeRun } from './header.ts';
import { statusText } from './statusPill.ts';
import { tilesOf } from './tiles.ts';

/** `now` in milliseconds since 1970. */
export function runMarkdown(sections: RunSections, now: number): string {
  const { head, setup, evaluations, crash } = sections;
  const own = new Set(
    setup?.decisions.filter(({ source }) => source === 'file' || source === 'override').map(({ path }) => path),
  );
  const config = setup ? [...flatten(setup.config)].filter(([path]) => own.has(path)) : [];
  return [
    `## ${escaped(head.title)} (${statusText(head.status)})`,
    '',
    escaped(describeRun(sections)),
    '',
    `| | |`,
    `| --- | --- |`,
    ...tilesOf(sections, now).map(
      ({ label, value, note }) =>
        `| ${cell(label)} | ${cell([value, note].filter((text) => text !== '').join(', '))} |`,
    ),
    ...(crash
      ? ['', `**${escaped(crash.message)}** (\`${crash.code}\`)`, ...crash.evidence.map((line) => `- ${escaped(line)}`)]
      : []),
    ...(evaluations.length > 0
      ? ['', `| ${t('step')} | ${t('evaluation loss')} | ${t('perplexity')} |`, '| ---: | ---: | ---: |']
      : []),
    ...evaluations
      .slice(-10)
      .map(
        ({ step, loss, perplexity }) => `| ${step} | ${loss.toPrecision(5)} | ${perplexity?.toPrecision(5) ?? ''} |`,
      ),
    ...(config.length > 0
      ? ['', '```yaml', ...config.map(([path, value]) => `${path}: ${valueText(value)}`), '```']
      : []),
    '',
  ].join('\n');
}

/** Names from files must not become Markdown or HTML where this is pasted. */
function escaped(text: string): string {
  return text.replace(/[\\`*_<>[\]#|]/g, '\\$&').replace(/\s+/g, ' ');
}

function cell(text: string): string {
  return escaped(text);
}
