// Finds the turns of a chat in the bytes of its JSON, where it is nothing but a list of roles and contents.

/** Bytes [start, end) of a role and a content, between their quotes. */
export interface TurnPlace {
  roleStart: number;
  roleEnd: number;
  start: number;
  end: number;
}

const quote = 0x22;
const backslash = 0x5c;
const space = 0x20;

/** Tokens between which spaces may stand, as many writers put them. */
function tokens(text: string): readonly Buffer[] {
  return text.split(' ').map((token) => Buffer.from(token));
}

const opening = tokens('{ "messages" : [');
const closing = tokens('] }');
const turnStart = tokens('{');
const turnEnd = tokens('}');
const next = tokens(',');
const roleKey = tokens('"role" : "');
const contentKey = tokens('"content" : "');

export class ChatPlaces {
  /** The first `count` of them are those of the row that was read last. */
  readonly turns: TurnPlace[] = [];
  count = 0;
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /**
   * Whether the row at [start, end) is `{"messages":[{"role":"…","content":"…"},…]}`, and where its turns are. What stands
   * inside of the strings is not looked at.
   */
  read(start: number, end: number): boolean {
    this.at = start;
    this.count = 0;
    if (!this.take(opening)) return false;
    do if (!this.readTurn(end)) return false;
    while (this.take(next));
    return this.take(closing) && this.at === end;
  }

  /** Role and content in either order. */
  private readTurn(end: number): boolean {
    const turn = (this.turns[this.count] ??= { roleStart: 0, roleEnd: 0, start: 0, end: 0 });
    this.count += 1;
    if (!this.take(turnStart)) return false;
    const isRoleFirst = this.readRole(turn, end);
    if (!isRoleFirst && !this.readContent(turn, end)) return false;
    if (!this.take(next)) return false;
    return (isRoleFirst ? this.readContent(turn, end) : this.readRole(turn, end)) && this.take(turnEnd);
  }

  private readRole(turn: TurnPlace, end: number): boolean {
    if (!this.take(roleKey)) return false;
    turn.roleStart = this.at;
    turn.roleEnd = this.stringEnd(end);
    return turn.roleEnd !== -1;
  }

  private readContent(turn: TurnPlace, end: number): boolean {
    if (!this.take(contentKey)) return false;
    turn.start = this.at;
    turn.end = this.stringEnd(end);
    return turn.end !== -1;
  }

  /** Where the string ends in which the cursor stands, which goes behind it; -1 where it does not end before `end`. */
  private stringEnd(end: number): number {
    const { bytes, at: start } = this;
    let found = bytes.indexOf(quote, start);
    while (found !== -1 && found < end && isEscaped(bytes, start, found)) found = bytes.indexOf(quote, found + 1);
    if (found === -1 || found >= end) return -1;
    this.at = found + 1;
    return found;
  }

  /** Goes behind the tokens when they come next, and stays where it is when they do not. */
  private take(expected: readonly Buffer[]): boolean {
    const { bytes } = this;
    let { at } = this;
    for (const token of expected) {
      while (bytes[at] === space) at += 1;
      for (let i = 0; i < token.length; i += 1, at += 1) if (bytes[at] !== token[i]) return false;
    }
    this.at = at;
    return true;
  }
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(bytes: Uint8Array, start: number, at: number): boolean {
  let first = at;
  while (first > start && bytes[first - 1] === backslash) first -= 1;
  return (at - first) % 2 === 1;
}
