// Exit codes are part of the contract with scripts: see `finetune --help` and docs.

export const exitCodes = {
  done: 0,
  failed: 1,
  /** Wrong usage, or a config that cannot be used. */
  usage: 2,
  /** Stopped by Ctrl+C or by `finetune stop`. */
  stopped: 130,
} as const;
