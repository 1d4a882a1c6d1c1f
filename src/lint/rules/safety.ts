// Rules about what should not be taught: addresses, numbers and keys of real people and services. Always masked.
import { sign } from '../signs.ts';
import { isCardNumber, isIban, mask } from './identifiers.ts';
import { firstMatches, nothing, replaceAll, type RowRule } from './rule.ts';
import { tokenPattern, tokenService } from './tokens.ts';

interface Pattern {
  readonly code: string;
  readonly severity: RowRule['severity'];
  readonly title: string;
  /** A quick look; only rows that pass it are searched. */
  readonly mayHave: (signs: number, text: string) => boolean;
  readonly expression: RegExp;
  /** What a match is; undefined when it only looks so. */
  readonly what: (match: string) => string | undefined;
  /** What its quick fix writes instead: nothing that the rule would find again. */
  readonly instead: string;
}

/** Names that documents reserve for examples (RFC 2606) or that everybody takes for one, and what is no address at all. */
const harmlessAddress =
  /@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|example|test|invalid|localhost|local|lan|internal|(?:domain|e?mail|company|mycompany|website|host|server|your[\w-]*)\.(?:com|org|net)|png|jpe?g|gif|svg|webp)$|^git@|@\d+x\./i;

/** The exchange 555 is kept for films and examples. */
const fictionalPhone = /(?:^|[^\d])555(?=\D?\d{4}$)|^\(?555\b|^\+?1[ .-]?\(?555\b/;

const patterns: readonly Pattern[] = [
  {
    code: 'safety/email',
    severity: 'warning',
    title: 'An e-mail address',
    mayHave: (signs) => (signs & sign['@']) !== 0,
    expression: /(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}(?![\w-])/g,
    what: (match) => (harmlessAddress.test(match) ? undefined : 'an e-mail address'),
    instead: 'name@example.com',
  },
  {
    code: 'safety/phone',
    severity: 'information',
    title: 'A telephone number',
    mayHave: (signs) => (signs & sign.manyDigits) !== 0,
    expression:
      /(?<![\w+./=-])(?:\+\d{1,3}[ ./-]?(?:\(?\d{1,5}\)?[ ./-]?){1,5}\d{2,}|\(\d{3}\) ?\d{3}-\d{4}|\d{3}([-.])\d{3}\1\d{4})(?![\w./=-]?\d)/g,
    what: (match) => {
      const digits = match.replace(/\D/g, '').length;
      return digits >= 9 && digits <= 15 && !fictionalPhone.test(match) ? 'a telephone number' : undefined;
    },
    instead: '555-0100',
  },
  {
    code: 'safety/card',
    severity: 'error',
    title: 'A number of a payment card',
    mayHave: (signs) => (signs & sign.manyDigits) !== 0,
    expression: /(?<![\w./-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)/g,
    what: (match) => (isCardNumber(match) ? 'a number of a payment card' : undefined),
    instead: '0000 0000 0000 0000',
  },
  {
    code: 'safety/iban',
    severity: 'error',
    title: 'An account number (IBAN)',
    mayHave: (signs, text) => (signs & sign.manyDigits) !== 0 && /[A-Z]{2}\d\d ?[A-Z0-9]{4}/.test(text),
    expression: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/g,
    what: (match) => (isIban(match) ? 'an account number (IBAN)' : undefined),
    instead: 'XX00 0000 0000 0000',
  },
  {
    code: 'safety/access-token',
    severity: 'error',
    title: 'A key or token of a service',
    mayHave: (signs) => (signs & sign.longToken) !== 0,
    expression: tokenPattern,
    what: tokenService,
    instead: 'ACCESS_TOKEN',
  },
  {
    code: 'safety/private-key',
    severity: 'error',
    title: 'A private key',
    mayHave: (signs) => (signs & sign.privateKey) !== 0,
    // To its end where there is one, or as far as base64 goes.
    expression:
      /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?:[^-]*-----END (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\s]{20,})/g,
    what: () => 'a private key',
    instead: '(private key)',
  },
];

export const safetyRules: readonly RowRule[] = patterns.map(
  ({ code, severity, title, mayHave, expression, what, instead }) => ({
    code,
    group: 'safety',
    severity,
    title,
    fix: `writes \`${instead}\` instead`,
    check: ({ signs, text, leaves }) =>
      mayHave(signs, text)
        ? firstMatches(leaves(), expression, ([match], leaf) => {
            const name = what(match);
            if (name === undefined) return undefined;
            const shown = code === 'safety/private-key' ? '' : ` (${mask(match)})`;
            const by = (found: string): string => (what(found) === undefined ? found : instead);
            return {
              message: `The row holds ${name}${shown}; what stands in the data may be repeated to anybody. Replace it by an invented one.`,
              change: () => replaceAll(`Replace it by ${instead}`, leaf, expression, by),
            };
          })
        : nothing,
  }),
);
