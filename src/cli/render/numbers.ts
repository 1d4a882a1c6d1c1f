// Numbers as people read them in a terminal.

export {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatLoss,
  formatShare,
} from '../../metrics/numberText.ts';

/** `1 epoch`, `2.5 epochs`. */
export function formatEpochs(epochs: number): string {
  const rounded = Number(epochs.toPrecision(3));
  return `${rounded} ${rounded === 1 ? 'epoch' : 'epochs'}`;
}
