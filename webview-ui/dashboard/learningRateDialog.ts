// Asks for a new learning rate, with the schedule's peak to start from.

import { parseLearningRate } from '../../src/protocol/commands.ts';
import { button, textField, valueOf } from '../controls.ts';
import { element, setText } from '../dom.ts';
import { learningRateText } from '../numbers.ts';
import { t } from '../strings.ts';

/** Shows the dialog; `onValue` is called when the person agreed. */
export function askLearningRate(peak: number | undefined, onValue: (value: number) => void): void {
  const text = peak === undefined ? '' : learningRateText(peak);
  const field = textField(t('Learning rate'), { value: text, placeholder: '1e-4' });
  const trouble = element('p', { class: 'bad', attributes: { role: 'alert' } });
  const agree = (): void => {
    const value = parseLearningRate(valueOf(field));
    if (value === undefined) {
      setText(trouble, t('Write a number above 0 and up to 1, such as 1e-4.'));
      return;
    }
    dialog.close();
    onValue(value);
  };
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') agree();
  });
  const dialog = element(
    'dialog',
    { class: 'dialog', attributes: { 'aria-labelledby': 'lr-title' } },
    element('h2', { attributes: { id: 'lr-title' } }, t('Set learning rate')),
    element(
      'p',
      { class: 'dim' },
      t('The schedule keeps its shape: this is its new peak. It holds from the next step on and is recorded.'),
    ),
    field,
    trouble,
    element(
      'div',
      { class: 'buttons' },
      button(t('Set'), agree, { appearance: 'primary' }),
      button(t('Cancel'), () => dialog.close()),
    ),
  );
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
