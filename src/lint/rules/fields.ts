// Rules about the fields of rows compared with those of most rows. Rows of the same shape are looked at once.
import type { FactColumns } from '../facts.ts';
import type { FileReport } from './fileRules.ts';

const leastRows = 20;
/** A field or type that fewer rows have than this share is an outlier. */
const rare = 0.02;

interface Field {
  readonly name: string;
  readonly kind: string;
}

/** Names and types of the fields that a shape (`RowFacts`) has. */
export function fieldsOfShape(shape: string): Field[] {
  return (shape === '' ? [] : shape.split('\t')).map((field) => {
    const colon = field.lastIndexOf(':');
    return { name: field.slice(0, colon), kind: field.slice(colon + 1) };
  });
}

interface Usage {
  readonly shapes: readonly (readonly Field[])[];
  /** field → type → rows */
  readonly kinds: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

function usage({ rows, shape, shapes }: FactColumns): Usage {
  const counts = shapes.map(() => 0);
  for (let row = 0; row < rows; row += 1) counts[shape[row]!]! += 1;
  const fields = shapes.map(fieldsOfShape);
  const kinds = new Map<string, Map<string, number>>();
  fields.forEach((list, i) => {
    for (const { name, kind } of list) {
      const known = kinds.get(name) ?? new Map<string, number>();
      known.set(kind, (known.get(kind) ?? 0) + counts[i]!);
      kinds.set(name, known);
    }
  });
  return { shapes: fields, kinds };
}

function total(kinds: ReadonlyMap<string, number> | undefined): number {
  return [...(kinds?.values() ?? [])].reduce((sum, count) => sum + count, 0);
}

function* reports(facts: FactColumns, messages: readonly (string | undefined)[]): Iterable<FileReport> {
  for (let row = 0; row < facts.rows; row += 1) {
    const message = messages[facts.shape[row]!];
    if (message !== undefined) yield { row, message };
  }
}

/** A type that nearly no other row has in this field. */
export function* fieldDrift(facts: FactColumns): Iterable<FileReport> {
  if (facts.rows < leastRows) return;
  const { shapes, kinds } = usage(facts);
  const messages = shapes.map((fields) => {
    for (const { name, kind } of fields) {
      const known = kinds.get(name);
      const most = [...(known ?? [])].filter(([other]) => other !== 'null').sort((a, b) => b[1] - a[1])[0];
      const isRare = (known?.get(kind) ?? 0) < rare * total(known);
      if (isRare && most && kind !== 'null' && most[0] !== kind)
        return `The field "${name}" is of type ${kind} here, but ${most[0]} in nearly all other rows.`;
    }
    return undefined;
  });
  yield* reports(facts, messages);
}

/** A field that nearly no other row has: often a misspelled one. */
export function* rareFields(facts: FactColumns): Iterable<FileReport> {
  if (facts.rows < leastRows) return;
  const { shapes, kinds } = usage(facts);
  const messages = shapes.map((fields) => {
    const odd = fields.find(({ name }) => total(kinds.get(name)) < rare * facts.rows);
    return odd && `Nearly no other row has the field "${odd.name}". Is the name right?`;
  });
  yield* reports(facts, messages);
}
