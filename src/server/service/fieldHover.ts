// What is told of a field under the cursor: what it does, what it may be, the value in effect and why.
import type { EffectiveFacts } from '../../config/effective.ts';
import { effectiveConfig } from '../../config/effective.ts';
import { formatPath, type PathPart } from '../../config/path.ts';
import type { Positions } from '../../config/positions.ts';
import type { FinetuneConfig } from '../../config/schema.generated.ts';
import { schemaAt } from '../../config/schema.ts';
import { showValue } from '../../config/words.ts';
import type { Cursor } from './cursor.ts';
import { sourceText } from './effectiveText.ts';
import { fieldAnchor, fieldDocs } from './fieldDocs.ts';
import { unquoted } from './flow.ts';

export interface FieldHover {
  readonly markdown: string;
  /** Section of docs/config.md. */
  readonly anchor: string;
  readonly start: number;
  readonly end: number;
}

/** The hover at a cursor; undefined where no field is. `config` is absent while the config cannot be read. */
export function fieldHover(
  text: string,
  cursor: Cursor,
  known: {
    readonly config?: FinetuneConfig | undefined;
    readonly facts: EffectiveFacts;
    readonly positions: Positions;
  },
): FieldHover | undefined {
  const path = fieldAt(text, cursor);
  if (!path || path.length === 0) return undefined;
  const docs = fieldDocs(path) ?? (typeof path.at(-1) === 'number' ? fieldDocs(path.slice(0, -1)) : undefined);
  if (docs === undefined) return undefined;
  const name = path.findLast((part) => typeof part === 'string') ?? '';
  const title = `**${name}** \`${formatPath(path)}\``;
  const effect = known.config ? effectLine(path, known.config, known.facts, known.positions) : undefined;
  const markdown = [title, docs, ...(effect === undefined ? [] : [effect])].join('\n\n');
  return { markdown, anchor: fieldAnchor(path), start: cursor.start, end: cursor.end };
}

/** The field whose name or value the cursor is in. */
function fieldAt(text: string, cursor: Cursor): readonly PathPart[] | undefined {
  if (cursor.start === cursor.end) return undefined;
  if (cursor.role === 'value') return cursor.path;
  if (!cursor.hasColon) return typeof cursor.path.at(-1) === 'number' ? cursor.path : undefined;
  return [...cursor.path, unquoted(text.slice(cursor.start, cursor.end))];
}

function effectLine(
  path: readonly PathPart[],
  config: FinetuneConfig,
  facts: EffectiveFacts,
  positions: Positions,
): string | undefined {
  if (schemaAt(path)?.properties) return undefined;
  const wanted = formatPath(path);
  const { decisions } = effectiveConfig(config, facts, positions);
  const decision = decisions.find((item) => item.path === wanted);
  if (!decision) {
    const isRead = decisions.some((item) => item.path.startsWith(`${wanted}.`) || item.path.startsWith(`${wanted}[`));
    return isRead || wanted.startsWith('data.train')
      ? undefined
      : 'Not read: method, schedule or another field excludes it.';
  }
  return `In effect: \`${showValue(decision.value)}\` (${sourceText(decision)}).`;
}
