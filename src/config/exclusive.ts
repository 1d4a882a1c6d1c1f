// Fields that say the same thing in two ways: at most one of a pair may be set.

export const exclusivePairs = [
  ['training.epochs', 'training.max_steps'],
  ['training.warmup_ratio', 'training.warmup_steps'],
] as const;
