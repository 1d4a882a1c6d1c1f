// Each prompt with its answers by step, what changed from one to the next in colours.

import type { RunSections, SamplePoint } from '../../src/protocol/panelViews.ts';
import { formatCount } from '../../src/metrics/numberText.ts';
import { answerText, verdictNote } from '../answers.ts';
import { checkbox, linkButton } from '../controls.ts';
import { element, fill } from '../dom.ts';
import { t } from '../strings.ts';
import type { Part } from './context.ts';
import { byPrompt } from './promptWatch.ts';

/** Answers of a prompt that are shown before the person asks for all. */
const shownAnswers = 6;

export function createSamplesTab(): Part {
  const body = element('div', { class: 'samples' });
  const open = new Set<string>();
  let differences = true;
  let shown: RunSections['samples'] | undefined;

  const draw = (samples: RunSections['samples']): void => {
    if (samples.length === 0) {
      const hint = t(
        'Prompts in the config under evaluation.prompts are answered at every evaluation, and appear here.',
      );
      fill(body, element('div', { class: 'friendly' }, element('h2', {}, t('No samples yet')), element('p', {}, hint)));
      return;
    }
    const toggle = checkbox(t('Mark what changed'), differences, (checked) => {
      differences = checked;
      draw(samples);
    });
    const cards = [...byPrompt(samples)].map(([prompt, answers], index) => promptCard(prompt, answers, index, samples));
    fill(body, element('div', { class: 'tools' }, toggle), ...cards);
  };

  const promptCard = (
    prompt: string,
    answers: readonly SamplePoint[],
    index: number,
    samples: RunSections['samples'],
  ): HTMLElement => {
    const all = open.has(prompt);
    const newestFirst = answers.map((answer, at) => ({ answer, before: answers[at - 1]?.answer })).reverse();
    const seen = all ? newestFirst : newestFirst.slice(0, shownAnswers);
    const id = `prompt-${index}`;
    return element(
      'section',
      { class: 'card prompt-card', attributes: { 'aria-labelledby': id } },
      element('h2', { class: 'card-title', attributes: { id } }, prompt),
      element(
        'ol',
        { class: 'answers' },
        ...seen.map(({ answer, before }) =>
          element(
            'li',
            {},
            element('span', { class: 'at-step' }, t('step {0}', formatCount(answer.step))),
            answerText(answer.answer, differences ? before : undefined),
            verdictNote(answer.answer),
          ),
        ),
      ),
      newestFirst.length > seen.length &&
        linkButton(t('Earlier answers ({0})', newestFirst.length - seen.length), () => {
          open.add(prompt);
          draw(samples);
        }),
    );
  };

  return {
    element: body,
    update({ sections: { samples } }) {
      if (samples === shown) return;
      shown = samples;
      draw(samples);
    },
  };
}
