// Support tickets with their labels, for examples/support-tickets: what is written varies, what it means is known.
import { chance, type Chance } from './chance.ts';
import { cities, months, names } from './words.ts';

interface Situation {
  readonly category: 'billing' | 'delivery' | 'account' | 'fault' | 'question';
  readonly urgency: 'low' | 'normal' | 'high';
  /** What happened, with other words each time. */
  readonly story: string;
  readonly summary: string;
}

const products = [
  'the desk lamp',
  'the coffee grinder',
  'the wireless headset',
  'the standing desk',
  'the rice cooker',
];
const plans = ['Basic', 'Team', 'Business'];

const situations: readonly Situation[] = [
  {
    ...{ category: 'billing', urgency: 'high' },
    story:
      '(My card was charged twice|I was billed two times|There are two charges on my statement) for (order <order>|invoice <order>) (in <month>|this <month>|). (Please refund one of them.|I need that money back.|Can you send one payment back?)',
    summary: 'Charged twice for <order>, wants a refund',
  },
  {
    ...{ category: 'billing', urgency: 'normal' },
    story:
      '(The invoice for <month>|Invoice <order>|Your last invoice) (shows|has|was made out to) (our old address|the wrong company name|an address we left). (Could you correct it?|Please send a new one.|Our accountant will not take it like this.)',
    summary: 'Invoice has wrong name or address, wants it corrected',
  },
  {
    ...{ category: 'billing', urgency: 'normal' },
    story:
      '(I cancelled|We gave notice for|I ended) the <plan> plan (in <month>|weeks ago|before it was renewed), (but|and yet) (I am still paying for it|the fee was taken again|another payment went out).',
    summary: 'Still pays for the cancelled <plan> plan',
  },
  {
    ...{ category: 'delivery', urgency: 'high' },
    story:
      '(Order <order> should have been here|I was promised order <order>|My order <order> was due) (on the 3rd|last week|five days ago), (and it is a birthday present for tomorrow|and I leave for <city> tomorrow|and the event is this weekend). (Where is it?|Can you find it?|Please tell me today.)',
    summary: 'Order <order> is late and needed at once',
  },
  {
    ...{ category: 'delivery', urgency: 'normal' },
    story:
      '(The tracking of order <order>|Order <order>) (has not moved|has been in <city>|says "in transit") (for four days|since Monday|for over a week). (Is something wrong?|When will it come?|Could you ask the carrier?)',
    summary: 'Tracking of order <order> does not move',
  },
  {
    ...{ category: 'delivery', urgency: 'normal' },
    story:
      '(We got|The parcel had|You sent me) <other> (instead of|and not) <product>. (How do I send it back?|Please send the right one.|What shall I do with it?)',
    summary: 'Got the wrong product instead of <product>',
  },
  {
    ...{ category: 'account', urgency: 'high' },
    story:
      '(Somebody|Someone I do not know|A stranger) (has logged in to|is using|got into) my account (from <city>|last night|and changed the mail address). (Please lock it!|I did not do this.|What should I do now?)',
    summary: 'Account used by a stranger, wants it locked',
  },
  {
    ...{ category: 'account', urgency: 'normal' },
    story:
      '(I cannot log in|Logging in does not work|I am locked out) (since I have a new phone|after the update|because the code never arrives). (I tried to reset the password twice.|The reset mail does not come either.|My mail address is still the same.)',
    summary: 'Cannot log in, password reset does not help',
  },
  {
    ...{ category: 'account', urgency: 'low' },
    story:
      '(How do I|Where can I|Is there a way to) (change the mail address of|add a colleague to|change the language of) (my account|our <plan> account)? (There is no hurry.|I could not find it in the settings.|)',
    summary: 'Wants to change a setting of the account',
  },
  {
    ...{ category: 'fault', urgency: 'high' },
    story:
      '(There was smoke from|There is a burnt smell from|Sparks came out of) <product> (after ten minutes|when I switched it on|this morning). (Is it safe?|I will not use it again before I hear from you.|This is dangerous.)',
    summary: 'Smoke or sparks from <product>, asks if it is safe',
  },
  {
    ...{ category: 'fault', urgency: 'normal' },
    story:
      '<product> (I bought in <month>|from order <order>|) (no longer switches on|stops after a minute|makes a loud noise). (I have tried another socket.|It is still under warranty.|The manual does not help.)',
    summary: '<product> does not work',
  },
  {
    ...{ category: 'fault', urgency: 'low' },
    story:
      '(A button of|The lid of|One foot of) <product> (is a little loose|has a scratch|came off). (It still works fine.|Can I get a spare part?|I can fix it myself if you send the part.)',
    summary: 'Small damage on <product>, wants a spare part',
  },
  {
    ...{ category: 'question', urgency: 'low' },
    story:
      '(Can I get|Do you sell|Do you also have) <product> (in white|with a longer cable|with a plug for <city>)? (I would like to order two.|Thanks in advance.|I found nothing on the page.)',
    summary: 'Asks about variants of <product>',
  },
  {
    ...{ category: 'question', urgency: 'low' },
    story:
      '(What is the difference between|How do I choose between) the <plan> plan and the (Free|Trial|Enterprise) plan? (We are six people.|We start in <month>.|Prices would help too.)',
    summary: 'Asks how the <plan> plan differs from another',
  },
  {
    ...{ category: 'question', urgency: 'normal' },
    story:
      '(Do you deliver to|Can you ship to|How long does shipping take to) <city> (before the end of <month>|at all|and what does it cost)? (We need thirty of <product>.|It is for an office.|I would pay for express.)',
    summary: 'Asks about delivery to <city>',
  },
];

const system =
  'You label support tickets. Answer with JSON: category (billing, delivery, account, fault, question), urgency (low, normal, high), summary.';

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Rows in the format of chats (`messages`); no two tickets are alike. */
export function ticketRows(seed: number, count: number): { messages: Message[] }[] {
  const c = chance(seed, 'tickets');
  const rows = new Map<string, Message[]>();
  for (let i = 0; rows.size < count; i++) {
    const [ticket, label] = ticketOf(c, situations[i % situations.length]!);
    rows.set(ticket, [
      { role: 'system', content: system },
      { role: 'user', content: ticket },
      { role: 'assistant', content: label },
    ]);
  }
  return [...rows.values()].map((messages) => ({ messages }));
}

function ticketOf(c: Chance, { category, urgency, story, summary }: Situation): [ticket: string, label: string] {
  const [product = '', other = ''] = c.several(products, 2);
  const values = {
    ...{ product, other, plan: c.pick(plans), city: c.pick(cities), month: c.pick(months), name: c.pick(names) },
    order: `#${String(c.number(10_000, 99_999))}`,
  };
  const greeting = c.say('(Hello,|Hi,|Good morning,|Dear support team,|)', values);
  const ending = c.say('(Best regards,|Thanks,|Kind regards,|) <name>', values);
  const ticket = [greeting, sentences(c.say(story, values)), ending].filter((part) => part !== '').join('\n');
  return [ticket, JSON.stringify({ category, urgency, summary: c.say(summary, values) })];
}

/** Every sentence begins with a capital. */
function sentences(text: string): string {
  return text.replace(/([.?!] )([a-z])/g, (_, end: string, letter: string) => end + letter.toUpperCase());
}
