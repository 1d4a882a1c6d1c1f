// The row that is selected: as conversation, tokens, difference or JSON, with its fields and findings.

import { diffWords } from '../../src/metrics/textDiff.ts';
import type { PreviewSpeaker, PreviewTurn, RowDetail, RowTokens } from '../../src/protocol/previewViews.ts';
import { button } from '../controls.ts';
import { element, fill, setText, type Child } from '../dom.ts';
import { t } from '../strings.ts';
import { createTabs } from '../tabs.ts';

export type RowViewName = 'chat' | 'tokens' | 'difference' | 'raw';

export interface RowPane {
  readonly element: HTMLElement;
  show(detail: RowDetail): void;
  /** Says why there is nothing to show. */
  say(text: string): void;
}

export interface RowPaneActions {
  open(row: number): void;
  copy(row: number): void;
  exclude(row: number, excluded: boolean): void;
}

export function createRowPane(actions: RowPaneActions): RowPane {
  let shown: RowDetail | undefined;
  const title = element('h2', { class: 'row-title' });
  const facts = element('span', { class: 'dim' });
  const exclude = button('', () => shown && actions.exclude(shown.row, !shown.excluded));
  const findings = element('ul', { class: 'finding-list', attributes: { 'aria-label': t('Findings of this row') } });
  const place = (): HTMLElement =>
    element('div', { class: 'row-body', attributes: { tabindex: '0', role: 'region', 'aria-label': t('Row') } });
  const chat = place();
  const tokens = place();
  const difference = place();
  const raw = place();
  const tabs = createTabs<RowViewName>(
    t('Ways to show the row'),
    [
      { name: 'chat', label: t('Conversation'), content: chat },
      { name: 'tokens', label: t('Tokens'), content: tokens },
      { name: 'difference', label: t('Difference'), content: difference },
      { name: 'raw', label: t('JSON'), content: raw },
    ],
    'chat',
    () => undefined,
  );
  const differenceTab = tabs.list.querySelector<HTMLElement>('#tab-difference');
  const head = element(
    'header',
    { class: 'row-head' },
    element('div', { class: 'row-name' }, title, facts),
    element(
      'div',
      { class: 'buttons' },
      button(t('Open line'), () => shown && actions.open(shown.row)),
      button(t('Copy'), () => shown && actions.copy(shown.row)),
      exclude,
    ),
  );
  const notice = element('p', { class: 'friendly', attributes: { role: 'status' } });
  const whole = element(
    'div',
    { class: 'row-whole', attributes: { hidden: true } },
    head,
    findings,
    tabs.list,
    tabs.pages,
  );
  const root = element(
    'section',
    { class: 'row-pane', attributes: { 'aria-label': t('Selected row') } },
    notice,
    whole,
  );

  return {
    element: root,
    say(text) {
      shown = undefined;
      whole.hidden = true;
      notice.hidden = false;
      setText(notice, text);
    },
    show(detail) {
      shown = detail;
      whole.hidden = false;
      notice.hidden = true;
      setText(title, t('Row {0}', detail.row + 1));
      setText(facts, factsOf(detail));
      fill(exclude, detail.excluded ? t('Include again') : t('Exclude'));
      fill(
        findings,
        ...detail.findings.map(({ severity, message, code }) =>
          element('li', { class: `finding ${severity}` }, message, ' ', element('code', {}, code)),
        ),
      );
      findings.hidden = detail.findings.length === 0;
      const isPair = detail.pair !== undefined;
      if (differenceTab) {
        if (!isPair && differenceTab.getAttribute('aria-selected') === 'true') tabs.select('chat');
        differenceTab.hidden = !isPair;
      }
      fill(chat, ...chatOf(detail));
      fill(tokens, ...tokensView(detail));
      fill(difference, ...(detail.pair ? pairOf(detail.pair) : []));
      fill(raw, element('pre', { class: 'json' }, detail.raw), detail.cut && cutNote());
    },
  };
}

function factsOf({ line, bytes, looks, tokens }: RowDetail): string {
  const size = bytes < 10_000 ? t('{0} bytes', bytes) : t('{0} kB', Math.round(bytes / 1000));
  const parts = [t('line {0}', line), looks === 'unknown' ? t('no known format') : looks, size];
  if (tokens) parts.push(t('{0} tokens · {1} trained', tokens.total, tokens.trained));
  return parts.join(' · ');
}

function cutNote(): HTMLElement {
  return element(
    'p',
    { class: 'dim' },
    t('The row is long: only its beginning is shown. Open its line for all of it.'),
  );
}

function speakerName(speaker: PreviewSpeaker): string {
  switch (speaker) {
    case 'system':
      return t('system');
    case 'user':
      return t('user');
    case 'assistant':
      return t('assistant');
    case 'tool':
      return t('tool');
    case 'text':
      return t('text');
  }
}

function chatOf(detail: RowDetail): Child[] {
  const broken = detail.problem === undefined ? [] : [element('p', { class: 'problem' }, detail.problem)];
  const fields =
    detail.fields.length === 0
      ? []
      : [
          element(
            'dl',
            { class: 'field-list' },
            ...detail.fields.flatMap(({ name, value }) => [element('dt', {}, name), element('dd', {}, value)]),
          ),
        ];
  const raw = detail.conversation.length === 0 && detail.fields.length === 0;
  return [
    ...broken,
    ...detail.conversation.map(turnOf),
    ...fields,
    raw && element('pre', { class: 'json' }, detail.raw),
    detail.cut && cutNote(),
  ];
}

function turnOf({ speaker, text, thinking, calls, isContext }: PreviewTurn): HTMLElement {
  return element(
    'article',
    { class: `turn by-${speaker}` },
    element(
      'h3',
      { class: 'turn-speaker' },
      speakerName(speaker),
      isContext === true && element('span', { class: 'badge' }, t('context only')),
    ),
    thinking !== undefined &&
      element('details', { class: 'thinking' }, element('summary', {}, t('thinking')), element('p', {}, thinking)),
    text === '' && calls ? undefined : element('p', { class: 'turn-text' }, text === '' ? t('(empty)') : text),
    ...(calls ?? []).map((call) =>
      element('div', { class: 'call' }, element('code', {}, call.name), element('pre', {}, call.arguments)),
    ),
  );
}

function pairOf({ chosen, rejected }: { chosen: string; rejected: string }): Child[] {
  const parts = diffWords(rejected, chosen).map(({ kind, text }) =>
    kind === 'same' ? text : element(kind === 'added' ? 'ins' : 'del', {}, text),
  );
  return [
    element('p', { class: 'dim' }, t('From the rejected answer (struck through) to the chosen one.')),
    element('p', { class: 'turn-text pair' }, ...parts),
  ];
}

const kindNames = ['context', 'trained', 'cut', 'cut trained'] as const;

function tokensView(detail: RowDetail): Child[] {
  if (!detail.tokens) {
    const why = detail.noTokens ?? '';
    const text = why === '' ? t('Choose a config above: its model tells how the row becomes tokens.') : why;
    return [element('p', { class: 'friendly' }, text)];
  }
  const { total, trained, lost, pieces } = detail.tokens;
  const told = t('{0} tokens, {1} trained, {2} trained ones lost after max_length.', total, trained, lost);
  return [
    element('p', { class: 'dim' }, told),
    element(
      'ul',
      { class: 'token-legend', attributes: { 'aria-hidden': 'true' } },
      element('li', {}, element('span', { class: 'token trained' }, t('trained'))),
      element('li', {}, element('span', { class: 'token context' }, t('context'))),
      element('li', {}, element('span', { class: 'token cut' }, t('cut off'))),
    ),
    tokenText(detail.tokens),
    pieces.length < total && element('p', { class: 'dim' }, t('The first {0} tokens are shown.', pieces.length)),
  ];
}

/** Neighbours alternate in shade, so that borders are seen without lines. */
function tokenText({ pieces, ids, kinds }: RowTokens): HTMLElement {
  const text = element('p', { class: 'token-text' });
  pieces.forEach((piece, i) => {
    const kind = kindNames[kinds[i] ?? 0] ?? 'context';
    const shown = piece === '' ? '·' : piece;
    text.append(
      element(
        'span',
        { class: `token ${kind}${i % 2 === 0 ? '' : ' odd'}`, attributes: { title: `${ids[i]}` } },
        shown,
      ),
    );
    if (piece.endsWith('\n')) text.append(document.createElement('wbr'));
  });
  return text;
}
