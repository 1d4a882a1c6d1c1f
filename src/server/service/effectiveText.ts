// The effective config as YAML that a person reads: every value in its block, and beside it who said so and why.
import { formatPath, parsePath, type PathPart } from '../../config/path.ts';
import type { Decision } from '../../config/effectiveTypes.ts';
import { stringify } from 'yaml';

/** One line for each value; blocks as in a config file. */
export function effectiveText(decisions: readonly Decision[]): string {
  const lines: string[] = [];
  let open: readonly PathPart[] = [];
  for (const decision of decisions) {
    const parts = parsePath(decision.path) ?? [];
    const block = parts.slice(0, -1);
    const shared = sharedLength(open, block);
    for (let depth = shared; depth < block.length; depth += 1) {
      const name = block[depth];
      lines.push(
        typeof name === 'number'
          ? `${'  '.repeat(depth)}- # ${formatPath(block.slice(0, depth + 1))}`
          : `${'  '.repeat(depth)}${name}:`,
      );
    }
    open = block;
    const value = stringify(decision.value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
    lines.push(`${'  '.repeat(block.length)}${parts.at(-1)}: ${value}  # ${sourceText(decision)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Who decided a value, as a clause. */
export function sourceText({ source, reason }: Pick<Decision, 'source' | 'reason'>): string {
  if (source === 'file') return 'written in this file';
  if (source === 'override') return 'set by --set';
  return source === 'default' ? 'default' : (reason ?? 'decided by itself');
}

function sharedLength(a: readonly PathPart[], b: readonly PathPart[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
