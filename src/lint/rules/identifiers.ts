// Numbers with check digits, and how personal data are shown: never whole.

/** Beginnings and lengths of the cards of Visa, Mastercard, American Express, Discover, Diners, JCB and UnionPay. */
const card =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|62\d{14,17})$/;

/** Numbers that card companies give out for tests. */
const testCards = new Set(
  '4111111111111111 4242424242424242 4012888888881881 4000056655665556 4000000000000002 5555555555554444 5105105105105100 2223003122003222 378282246310005 371449635398431 6011111111111117 6011000990139424 30569309025904 3530111333300000'.split(
    ' ',
  ),
);

/** ISO/IEC 7812: digits as the companies give them, which pass the Luhn test and are no test numbers. */
export function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (!card.test(digits) || testCards.has(digits) || /^(\d)\1+$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Examples of the registry and of encyclopedias. */
const exampleIbans = new Set(
  'DE89370400440532013000 GB29NWBK60161331926819 GB82WEST12345698765432 GB33BUKB20201555555555 FR1420041010050500013M02606 NL91ABNA0417164300 ES9121000418450200051332 IT60X0542811101000000123456 CH9300762011623852957 AT611904300234573201 BE68539007547034'.split(
    ' ',
  ),
);

/** ISO 13616: the remainder by 97 of the rearranged number is 1. */
export function isIban(text: string): boolean {
  const plain = text.replaceAll(' ', '');
  if (plain.length < 15 || plain.length > 34 || exampleIbans.has(plain)) return false;
  let remainder = 0;
  for (const character of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

/** The first two characters and as many dots as hide the rest without telling its length. */
export function mask(text: string): string {
  return `${text.slice(0, 2)}••••••`;
}
