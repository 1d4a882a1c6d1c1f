// The words that the starter model knows: what its texts are about, and what the quickstart's orders are made of.

/** First names. Those of `heldOutNames` never stand in a training row of the quickstart. */
export const names = words(`
  Ada Adam Alan Alice Amy Ana Anna Anton Ben Bruno Carla Carlos Chen Clara Daniel David Dina Dora Elena Elias Ella
  Emil Emma Eric Eva Fatima Felix Finn Frank Gina Grace Greta Hana Hans Hassan Helen Henry Hugo Ida Ines Ivan Jack James
  Jana Jin Joan John Julia Kai Karim Kate Kenji Kim Lara Laura Leo Lia Liam Lily Linus Lisa Lucas Lucia Luis Luna Marco
  Maria Mark Marta Max Maya Mia Mila Mira Nadia Naomi Nils Nina Noah Nora Olga Oliver Omar Oscar Otto Pablo Paul Petra
  Priya Ravi Rita Robin Rosa Ruth Sam Sara Selma Simon Sofia Sven Tara Theo Tina Tom Uma Vera Victor Walter Yara Yuki
  Zara Zoe`);

/** Every fifth name. */
export const heldOutNames: readonly string[] = names.filter((_, i) => i % 5 === 2);

export interface Thing {
  readonly one: string;
  readonly many: string;
}

/** What is bought, given, lost and found. `leaf/leaves` gives both forms, otherwise an s is added. */
export const things: readonly Thing[] = words(`
  bag ball basket bell belt blanket book bottle bowl box/boxes brush/brushes bucket camera candle card carpet chair
  clock coat comb cup desk dish/dishes drum envelope flag fork glass/glasses guitar hammer hat jacket jar kettle key
  ladder lamp lantern lock map mask mirror mug pen phone pillow plate pot puzzle ribbon ring rope rug scarf/scarves
  shelf/shelves shirt shoe spoon stool table tent towel tray vase violin`).map((word) => {
  const [one, many] = word.split('/');
  return { one: one!, many: many ?? `${one!}s` };
});

export const colors = words(`
  black blue brown golden gray green orange pink purple red silver violet white yellow`);

export const days = words('Monday Tuesday Wednesday Thursday Friday Saturday Sunday');

export const months = words('January February March April May June July August September October November December');

export const numberWords = words('zero one two three four five six seven eight nine ten eleven twelve');

export const places = words(`
  airport bakery bank beach bridge church farm garden harbor hotel kitchen lake library market mill museum park
  school square station`);

export const cities = words(`
  Athens Berlin Boston Cairo Delhi Dublin Lagos Lima Lisbon London Madrid Oslo Paris Prague Rome Seoul Tokyo
  Vienna Warsaw Zurich`);

export const animals = words(
  `
  bear bird cat cow dog duck fox goat hen horse mouse owl`,
);

export const adjectives = words(`
  big bright clean clever cold dark dry fine fresh happy heavy kind large light little long loud new nice old quick
  quiet rich short small soft strange sweet tall tiny warm wet wild wise young`);

export const jobs = words(`
  artist baker cook doctor driver farmer gardener lawyer nurse painter pilot poet sailor singer teacher writer`);

/** Words and their opposites. */
export const opposites: readonly (readonly [string, string])[] = words(`
  big/small bright/dark clean/dirty cold/warm dry/wet early/late empty/full fast/slow happy/sad heavy/light high/low
  large/tiny left/right long/short loud/quiet new/old open/closed poor/rich rough/smooth sharp/dull soft/hard strong/weak
  sweet/sour thick/thin wide/narrow young/old`).map((pair) => {
  const [one, other] = pair.split('/');
  return [one!, other!] as const;
});

/** Syllables of names that nobody has, so that copying a word is learned for any spelling. */
export const syllables = words(`
  ba be bi bo bu da de di do du fa fe fi fo ga go ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu pa pe pi po
  ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo za ze zi zo`);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
