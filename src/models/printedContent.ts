// Tells of a parsed chat template whether it does nothing with what messages say but print it.
import { isObject } from '../protocol/guards.ts';
import { methodVariable } from './jinjaStrings.ts';

type Node = Readonly<Record<string, unknown>>;

/** `free`: does not depend on a content; `content`: printed as it is or without its outer white space; `list`, `message`: names for them. */
type Kind = 'free' | 'content' | 'list' | 'message';

/** Thrown, and caught here, at whatever may depend on a content in another way. */
class Unclear extends Error {}

const strips = ['strip', 'lstrip', 'rstrip'].map(methodVariable);
/** Tests whose answer is the same for all texts. */
const typeTests = ['string', 'defined', 'undefined', 'none', 'mapping'];

/**
 * True when two chats of the same roles, whose messages have no other fields and are not blank, are rendered alike but for
 * their contents. False where that is not certain.
 */
export function onlyPrintsContent(program: unknown): boolean {
  const names = new Map<string, Kind>([['messages', 'list']]);
  try {
    // What a name stands for may be known only after its first use.
    for (let size = -1; size !== names.size;) {
      size = names.size;
      if (isObject(program)) statements(program['body'], names);
    }
    return true;
  } catch (error) {
    if (error instanceof Unclear) return false;
    throw error;
  }
}

function statements(list: unknown, names: Map<string, Kind>): void {
  for (const node of nodes(list)) statement(node, names);
}

function statement(node: Node, names: Map<string, Kind>): void {
  switch (node['type']) {
    case 'Comment':
    case 'Break':
    case 'Continue':
      return;
    case 'If':
      condition(node['test'], names);
      statements(node['body'], names);
      statements(node['alternate'], names);
      return;
    case 'For': {
      const kind = kindOf(node['iterable'], names);
      if (kind === 'content' || kind === 'message') throw new Unclear();
      const { loopvar } = node;
      if (kind === 'list') name(loopvar, 'message', names);
      statements(node['body'], names);
      statements(node['defaultBlock'], names);
      return;
    }
    case 'Set': {
      if (node['value'] === null) throw new Unclear();
      const kind = kindOf(node['value'], names);
      if (kind !== 'free') name(node['assignee'], kind, names);
      statements(node['body'], names);
      return;
    }
    default: {
      const kind = kindOf(node, names);
      if (kind !== 'free' && kind !== 'content') throw new Unclear();
    }
  }
}

/** A name stands for one kind of thing in all of the template. */
function name(node: unknown, kind: Kind, names: Map<string, Kind>): void {
  if (!isObject(node) || node['type'] !== 'Identifier') throw new Unclear();
  const known = names.get(String(node['value']));
  if (known !== undefined && known !== kind) throw new Unclear();
  names.set(String(node['value']), kind);
}

/** Whether there is a content, a message or any of them does not depend on what it says. */
function condition(node: unknown, names: Map<string, Kind>): void {
  const { type, operator, argument, left, right } = isObject(node) ? node : {};
  const sign = isObject(operator) ? operator['value'] : undefined;
  if (type === 'UnaryExpression' && sign === 'not') condition(argument, names);
  else if (type === 'BinaryExpression' && (sign === 'and' || sign === 'or')) {
    condition(left, names);
    condition(right, names);
  } else kindOf(node, names);
}

function free(node: unknown, names: Map<string, Kind>): void {
  if (kindOf(node, names) !== 'free') throw new Unclear();
}

function kindOf(node: unknown, names: Map<string, Kind>): Kind {
  if (!isObject(node)) throw new Unclear();
  const { type } = node;
  if (type === 'Identifier') return names.get(String(node['value'])) ?? 'free';
  if (typeof type === 'string' && /^(?:String|Integer|Float)Literal$/.test(type)) return 'free';
  if (type === 'MemberExpression') return kindOfMember(node, names);
  if (type === 'BinaryExpression') return kindOfBinary(node, names);
  if (type === 'Ternary') {
    condition(node['condition'], names);
    return either(kindOf(node['trueExpr'], names), kindOf(node['falseExpr'], names));
  }
  if (type === 'UnaryExpression' || type === 'KeywordArgumentExpression') {
    free(type === 'UnaryExpression' ? node['argument'] : node['value'], names);
    return 'free';
  }
  if (type === 'ArrayLiteral' || type === 'TupleLiteral') {
    for (const member of nodes(node['value'])) free(member, names);
    return 'free';
  }
  if (type === 'TestExpression') return kindOfTest(node, names);
  if (type === 'FilterExpression') return kindOfFilter(node, names);
  if (type === 'CallExpression') return kindOfCall(node, names);
  throw new Unclear();
}

function kindOfMember({ object, property, computed }: Node, names: Map<string, Kind>): Kind {
  const kind = kindOf(object, names);
  if (!isObject(property)) throw new Unclear();
  if (kind === 'list') return ofList(property, computed, names);
  if (kind === 'message') {
    const isConstant = property['type'] === (computed === true ? 'StringLiteral' : 'Identifier');
    if (!isConstant) throw new Unclear();
    return property['value'] === 'content' ? 'content' : 'free';
  }
  if (kind === 'content') throw new Unclear();
  // Of `loop`, in a loop over messages.
  if (property['value'] === 'previtem' || property['value'] === 'nextitem') return 'message';
  if (computed === true) free(property, names);
  return 'free';
}

/** `messages[0]` or `messages[1:]`. */
function ofList(property: Node, computed: unknown, names: Map<string, Kind>): Kind {
  if (computed !== true) throw new Unclear();
  const isSlice = property['type'] === 'SliceExpression';
  const places = isSlice ? [property['start'], property['stop'], property['step']] : [property];
  for (const place of places) if (place !== undefined && place !== null) free(place, names);
  return isSlice ? 'list' : 'message';
}

function kindOfBinary({ operator, left, right }: Node, names: Map<string, Kind>): Kind {
  const kinds = [kindOf(left, names), kindOf(right, names)];
  if (kinds.every((kind) => kind === 'free')) return 'free';
  const sign = isObject(operator) ? operator['value'] : undefined;
  // Which fields a message has.
  if ((sign === 'in' || sign === 'not in') && kinds[0] === 'free' && kinds[1] === 'message') return 'free';
  if ((sign !== '+' && sign !== '~') || !kinds.every((kind) => kind === 'free' || kind === 'content'))
    throw new Unclear();
  return 'content';
}

function kindOfTest({ operand, test }: Node, names: Map<string, Kind>): Kind {
  const kind = kindOf(operand, names);
  const asksType = isObject(test) && typeTests.includes(String(test['value']));
  if (kind !== 'free' && !asksType) throw new Unclear();
  return 'free';
}

function kindOfFilter({ operand, filter }: Node, names: Map<string, Kind>): Kind {
  const kind = kindOf(operand, names);
  if (!isObject(filter)) throw new Unclear();
  if (filter['type'] === 'CallExpression') for (const argument of nodes(filter['args'])) free(argument, names);
  if (kind === 'free') return 'free';
  if (filter['type'] !== 'Identifier') throw new Unclear();
  if (kind === 'content' && filter['value'] === 'trim') return 'content';
  if (kind === 'list' && (filter['value'] === 'length' || filter['value'] === 'count')) return 'free';
  throw new Unclear();
}

function kindOfCall({ callee, args }: Node, names: Map<string, Kind>): Kind {
  const given = nodes(args);
  const isStrip = isObject(callee) && callee['type'] === 'Identifier' && strips.includes(String(callee['value']));
  if (isStrip && given.length === 1) {
    const kind = kindOf(given[0], names);
    if (kind === 'free' || kind === 'content') return kind;
  }
  // A method of a message would tell more of it than a field.
  free(isObject(callee) && callee['type'] === 'MemberExpression' ? callee['object'] : callee, names);
  for (const argument of given) free(argument, names);
  return 'free';
}

function either(a: Kind, b: Kind): Kind {
  if (a === b) return a;
  if ((a === 'free' || a === 'content') && (b === 'free' || b === 'content')) return 'content';
  throw new Unclear();
}

function nodes(list: unknown): readonly Node[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list) || !list.every(isObject)) throw new Unclear();
  return list;
}
