// The formulas with which assistants refuse.

const opening =
  /(?:(?:(?:i['’]?m|i am) (?:really |very |so |truly )?sorry|sorry|i apologi[sz]e|unfortunately)[,.]? (?:but )?)?/
    .source;
const machine =
  /(?:as an (?:ai|artificial intelligence)(?: language)?(?: model| assistant)?|as a (?:large )?language model),? /
    .source;
const inability =
  /i(?:['’]m| am)? (?:can['’]?t|cannot|can not|unable to|not able to|won['’]?t|will not)(?: be able to)? /.source;
/** "I can't help but notice" refuses nothing. */
const deed =
  /(?:help(?! but| it\b| feeling| noticing| wondering| thinking)|assist|comply|fulfil?l|engage in|participate|do that|answer (?:that|this)|(?:provide|create|generate|write|produce|give you|share) (?:that|this|any|such|instructions|information|guidance|advice|content|assistance))\b/
    .source;
const lack =
  /i (?:do not|don['’]t) (?:have|possess|hold) (?:any )?(?:personal|feelings|emotions|opinions|beliefs|access)/.source;

const refusal = new RegExp(
  `^\\W*${opening}(?:(?:${machine})?${inability}${deed}|${machine}(?:${lack}|${inability}))`,
  'i',
);

/** Characters of an answer that are looked at: a refusal says so at once. */
const lookedAt = 200;

/** True for answers that do nothing but refuse, as assistants do: "I'm sorry, but I can't help with that." */
export function isRefusal(text: string): boolean {
  return refusal.test(text.slice(0, lookedAt));
}
