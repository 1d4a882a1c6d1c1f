// A model's answer beside the one before it: what was added and what went, in colours and in words.

import { diffWords } from '../src/metrics/textDiff.ts';
import { element } from './dom.ts';
import { icon } from './icons.ts';
import { t } from './strings.ts';

/** The answer with its differences marked; without one before it, as it is. */
export function answerText(answer: string, before: string | undefined): HTMLElement {
  const text = element('span', { class: 'answer' });
  if (answer === '' && (before === undefined || before === '')) {
    text.append(element('em', { class: 'dim' }, t('(empty)')));
    return text;
  }
  if (before === undefined) {
    text.append(answer);
    return text;
  }
  for (const part of diffWords(before, answer)) {
    if (part.kind === 'same') text.append(part.text);
    else text.append(element(part.kind === 'added' ? 'ins' : 'del', {}, part.text));
  }
  return text;
}

/** Whether an answer that looks like JSON is JSON; undefined for other answers. */
export function jsonVerdict(answer: string): boolean | undefined {
  const trimmed = answer.trim();
  if (!/^[[{]/.test(trimmed)) return undefined;
  try {
    JSON.parse(trimmed);
    return true;
  } catch {
    return false;
  }
}

/** The verdict as a small note; an empty one where there is nothing to say. */
export function verdictNote(answer: string): HTMLElement {
  const verdict = jsonVerdict(answer);
  if (verdict === undefined) return element('span', { class: 'verdict' });
  return verdict
    ? element('span', { class: 'verdict good' }, icon('check'), t('valid JSON'))
    : element('span', { class: 'verdict bad' }, icon('cross'), t('broken JSON'));
}
