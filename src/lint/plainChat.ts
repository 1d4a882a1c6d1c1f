// Chats of which no form, chat or safety rule has anything to say, told from their bytes: most rows of most files.
import { ChatPlaces, type TurnPlace } from './chatPlaces.ts';
import type { RowFacts } from './facts.ts';
import { combineHashes } from './hash.ts';
import { JsonHash } from './jsonHash.ts';
import { openFence } from './rules/chat.ts';
import { sign } from './signs.ts';

/** Signs of what those rules may find. A code fence is looked at here. */
const telling =
  sign.escape |
  sign.control |
  sign.odd |
  sign.decomposed |
  sign['@'] |
  sign.thinking |
  sign.manyDigits |
  sign.longToken |
  sign.privateKey;

export interface PlainRow {
  readonly facts: RowFacts;
  /** UTF-16 units of the line. */
  readonly width: number;
}

const [system, user, assistant] = ['system', 'user', 'assistant'].map((role) => Buffer.from(role)) as [
  Buffer,
  Buffer,
  Buffer,
];

/** Reads rows of one buffer, which must be valid UTF-8. */
export class PlainChats {
  private readonly bytes: Buffer;
  private readonly places: ChatPlaces;
  private readonly prompt = new JsonHash();
  private readonly answer = new JsonHash();

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.places = new ChatPlaces(bytes);
  }

  /**
   * The facts of the row at [start, end), where it is a chat of user and assistant by turns, perhaps behind a system turn,
   * that ends with the assistant, has no blank turn and shows no sign of anything to tell. Undefined for any other row,
   * which has to be looked at closely.
   */
  read(start: number, end: number, signs: number): PlainRow | undefined {
    const { bytes, places, prompt, answer } = this;
    if ((signs & telling) !== 0 || !places.read(start, end) || !this.isInOrder()) return undefined;
    prompt.reset();
    answer.reset();
    const last = places.count - 1;
    for (let i = 0; i < last; i += 1) {
      const { roleStart, roleEnd, start: from, end: until } = places.turns[i]!;
      prompt.add(bytes, roleStart, roleEnd);
      if (!prompt.add(bytes, from, until)) return undefined;
    }
    const { start: from, end: until } = places.turns[last]!;
    if (!answer.add(bytes, from, until)) return undefined;
    if ((signs & sign.fence) !== 0 && this.hasOpenFence()) return undefined;
    const [promptHash, answerHash] = [prompt.value, answer.value];
    const facts: RowFacts = {
      looks: 'messages',
      hash: combineHashes(promptHash, answerHash),
      promptHash,
      answerHash,
      promptChars: prompt.units,
      answerChars: answer.units,
      rejectedChars: 0,
      language: 0,
      shape: 'messages:list',
      signature: undefined,
    };
    return { facts, width: end - start - prompt.narrowed - answer.narrowed };
  }

  private isInOrder(): boolean {
    const { turns, count } = this.places;
    const first = this.isRole(turns[0]!, system) ? 1 : 0;
    for (let i = 0; i < count; i += 1) {
      const turn = turns[i]!;
      if (i >= first && !this.isRole(turn, (i - first) % 2 === 0 ? user : assistant)) return false;
      if (!beginsWithText(this.bytes, turn.start)) return false;
    }
    return count > first && (count - first) % 2 === 0;
  }

  private isRole({ roleStart, roleEnd }: TurnPlace, role: Buffer): boolean {
    if (roleEnd - roleStart !== role.length) return false;
    for (let i = 0; i < role.length; i += 1) if (this.bytes[roleStart + i] !== role[i]) return false;
    return true;
  }

  private hasOpenFence(): boolean {
    const { turns, count } = this.places;
    for (let i = 0; i < count; i += 1) {
      const turn = turns[i]!;
      if (!this.isRole(turn, assistant)) continue;
      const content: unknown = JSON.parse(this.bytes.toString('utf8', turn.start - 1, turn.end + 1));
      if (typeof content === 'string' && openFence(content) !== undefined) return true;
    }
    return false;
  }
}

/** Whether a string certainly does not begin with white space, other than line ends written as escapes and spaces. */
function beginsWithText(bytes: Uint8Array, start: number): boolean {
  let at = start;
  while (bytes[at] === 0x20 || (bytes[at] === 0x5c && bytes[at + 1] === 0x6e)) at += bytes[at] === 0x20 ? 1 : 2;
  const first = bytes[at]!;
  if (first < 0x80) return first > 0x20 && first !== 0x22 && first !== 0x5c;
  return first === 0xc3 || (first >= 0xd0 && first <= 0xd1) || (first >= 0xe4 && first <= 0xe9) || first === 0xf0;
}
