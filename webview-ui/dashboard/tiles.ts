// The six tiles: where the run is, how good, how fast, how large, how long still.

import type { RunSections } from '../../src/protocol/panelViews.ts';
import { formatBytes, formatCount, formatDuration, formatLoss } from '../../src/metrics/numberText.ts';
import { element, setText } from '../dom.ts';
import { changeText, metricText, roughDuration } from '../numbers.ts';
import { clockTime, t } from '../strings.ts';
import type { Part } from './context.ts';

export interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly tone?: 'good' | 'bad';
}

const unknown = '–';

/** What the tiles say; `now` in milliseconds since 1970. */
export function tilesOf(sections: RunSections, now: number): Tile[] {
  return [
    stepTile(sections),
    lossTile(sections),
    evaluationTile(sections),
    speedTile(sections),
    memoryTile(sections),
    timeTile(sections, now),
  ];
}

function stepTile({ now, setup }: RunSections): Tile {
  const total = setup?.plan.total_steps;
  const step = formatCount(now?.step ?? 0);
  return {
    label: t('step'),
    value: total === undefined ? (now ? step : unknown) : `${step} / ${formatCount(total)}`,
    note: setup ? t('epoch {0} of {1}', (now?.epoch ?? 0).toFixed(2), roundedEpochs(setup.plan.epochs)) : '',
  };
}

function lossTile({ now }: RunSections): Tile {
  if (!now) return { label: t('loss'), value: unknown, note: '' };
  const value = formatLoss(now.loss);
  if (!Number.isFinite(now.loss)) return { label: t('loss'), value, note: t('not a finite number'), tone: 'bad' };
  const { best } = now;
  if (best.step === now.step) return { label: t('loss'), value, note: t('lowest so far'), tone: 'good' };
  return { label: t('loss'), value, note: t('lowest {0} at {1}', formatLoss(best.loss), formatCount(best.step)) };
}

function evaluationTile({ evaluations, setup }: RunSections): Tile {
  const last = evaluations.at(-1);
  // Objectives that compare answers have no perplexity.
  const perplexity = last?.perplexity;
  const label = last && perplexity === undefined ? t('eval loss') : t('eval loss · perplexity');
  if (!last) {
    const none = setup !== null && setup.plan.validation_rows === 0;
    return { label, value: unknown, note: none ? t('no validation rows') : '' };
  }
  const value = [formatLoss(last.loss), ...(perplexity === undefined ? [] : [perplexityText(perplexity)])].join(' · ');
  if (!Number.isFinite(last.loss)) return { label, value, note: t('not a finite number'), tone: 'bad' };
  const before = evaluations.at(-2);
  if (!before || !Number.isFinite(before.loss)) return { label, value, note: t('at step {0}', formatCount(last.step)) };
  const change = changeText(before.loss, last.loss);
  const better = last.loss <= before.loss;
  const note = t('{0} since step {1}', change, formatCount(before.step));
  return { label, value, note, tone: better ? 'good' : 'bad' };
}

/** `5 050` rather than `5.05e+3`: a perplexity is about so many tokens to choose from. */
function perplexityText(perplexity: number): string {
  return perplexity >= 1000 && perplexity < 1e6 ? formatCount(perplexity) : formatLoss(perplexity);
}

function speedTile({ now, result }: RunSections): Tile {
  const label = t('tokens/s');
  if (result) {
    return { label, value: metricText('tokens_per_second', result.tokensPerSecond), note: t('over the whole run') };
  }
  if (!now) return { label, value: unknown, note: '' };
  return {
    label,
    value: metricText('tokens_per_second', now.tokensPerSecond),
    note: t('{0} tokens trained', formatCount(now.tokens)),
  };
}

function memoryTile({ head, now, setup, result }: RunSections): Tile {
  const label = t('memory');
  const bytes = result?.peakMemoryBytes ?? now?.memoryBytes;
  const machine = head.machineMemoryBytes;
  const notes = [
    expectedMemory(setup, (bytes) => withoutUnit(formatBytes(bytes), machine)),
    machine === undefined ? '' : t('of {0}', formatBytes(machine)),
  ];
  const note = notes.filter((text) => text !== '').join(' ');
  return { label, value: bytes === undefined ? unknown : formatBytes(bytes), note };
}

/** What the run will need: as it was measured before the first step, or else as it was counted. */
export function expectedMemory(setup: RunSections['setup'], text: (bytes: number) => string = formatBytes): string {
  if (setup?.probedBytes !== undefined) return t('probed {0}', text(setup.probedBytes));
  const planned = setup?.estimates.memory_bytes;
  return planned === undefined ? '' : t('planned {0}', text(planned));
}

/** `1.81` for `1.81 GB` where the size that follows says GB: the tile is narrow. */
function withoutUnit(text: string, followedBy: number | undefined): string {
  const unit = followedBy === undefined ? '' : ` ${formatBytes(followedBy).split(' ').at(-1)}`;
  return unit !== '' && text.endsWith(unit) ? text.slice(0, -unit.length) : text;
}

function timeTile({ head, now, setup, result }: RunSections, clock: number): Tile {
  const estimate = setup?.estimates.seconds;
  const planned = estimate === undefined ? '' : t('plan {0}', roughDuration(estimate));
  if (result) return { label: t('took'), value: formatDuration(result.seconds), note: planned };
  const left = now?.secondsLeft;
  if (left === undefined || head.status === 'failed' || head.status === 'interrupted') {
    if (!now) return { label: t('left'), value: unknown, note: planned };
    return { label: t('trained for'), value: formatDuration(now.elapsed), note: planned };
  }
  const ends = head.status === 'paused' ? t('paused') : t('ends {0}', clockTime(clock + left * 1000, clock));
  return {
    label: t('left'),
    value: formatDuration(left),
    note: [ends, planned].filter((text) => text !== '').join(' · '),
  };
}

function roundedEpochs(epochs: number): string {
  return Number.isInteger(epochs) ? String(epochs) : epochs.toFixed(2);
}

export function createTiles(clock: () => number): Part {
  const made = Array.from({ length: 6 }, () => {
    const label = element('dt');
    const value = element('dd', { class: 'value' });
    const note = element('dd', { class: 'note' });
    return { label, value, note, tile: element('div', { class: 'tile' }, label, value, note) };
  });
  return {
    element: element('dl', { class: 'tiles' }, ...made.map(({ tile }) => tile)),
    update({ sections }) {
      for (const [index, tile] of tilesOf(sections, clock()).entries()) {
        const parts = made[index]!;
        setText(parts.label, tile.label);
        setText(parts.value, tile.value);
        setText(parts.note, tile.note);
        parts.note.className = `note ${tile.tone ?? ''}`;
      }
    },
  };
}
