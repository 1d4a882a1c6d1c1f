// The newest answers under the loss chart, each against the one before it.

import type { RunSections, SamplePoint } from '../../src/protocol/panelViews.ts';
import { formatCount } from '../../src/metrics/numberText.ts';
import { answerText, verdictNote } from '../answers.ts';
import { linkButton } from '../controls.ts';
import { element, fill, setText } from '../dom.ts';
import { t } from '../strings.ts';
import type { Part } from './context.ts';

/** Samples by prompt, in the order in which prompts first appear; answers oldest first. */
export function byPrompt(samples: readonly SamplePoint[]): Map<string, SamplePoint[]> {
  const groups = new Map<string, SamplePoint[]>();
  for (const sample of samples) groups.set(sample.prompt, [...(groups.get(sample.prompt) ?? []), sample]);
  return groups;
}

export function createPromptWatch(openSamples: () => void): Part {
  const note = element('span', { class: 'note' });
  const list = element('div', { class: 'watch-rows' });
  const card = element(
    'section',
    { class: 'card watch', attributes: { 'aria-labelledby': 'watch-title', hidden: true } },
    element(
      'header',
      {},
      element('h2', { class: 'card-title', attributes: { id: 'watch-title' } }, t('Prompt watch')),
      note,
      linkButton(t('All samples'), openSamples),
    ),
    list,
  );
  let shown: RunSections['samples'] | undefined;
  return {
    element: card,
    update({ sections: { samples } }) {
      if (samples === shown) return;
      shown = samples;
      const groups = [...byPrompt(samples).values()];
      card.hidden = groups.length === 0;
      const newest = samples.at(-1)?.step;
      const before = groups[0]?.at(-2)?.step;
      if (newest !== undefined) {
        setText(
          note,
          before === undefined
            ? t('step {0}', formatCount(newest))
            : t('step {0} against step {1}', formatCount(newest), formatCount(before)),
        );
      }
      fill(list, ...groups.map(watchRow));
    },
  };
}

function watchRow(answers: readonly SamplePoint[]): HTMLElement {
  const last = answers.at(-1)!;
  return element(
    'div',
    { class: 'watch-row' },
    element('span', { class: 'prompt', attributes: { title: last.prompt } }, last.prompt),
    answerText(last.answer, answers.at(-2)?.answer),
    verdictNote(last.answer),
  );
}
