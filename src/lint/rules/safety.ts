// Rules about what should not be taught: addresses, numbers and keys of real people and services. Always masked.
import { isCardNumber, isIban, mask } from './identifiers.ts';
import { firstMatches, nothing, type RowRule } from './rule.ts';

interface Pattern {
  readonly code: string;
  readonly severity: RowRule['severity'];
  readonly title: string;
  /** A quick look at the JSON text; only rows that pass it are searched. */
  readonly hint: RegExp;
  readonly expression: RegExp;
  readonly what: (match: string) => string | undefined;
}

/** Names that documents reserve for examples (RFC 2606) belong to nobody. */
const exampleDomain = /@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|(?:[\w-]+\.)?(?:example|test|invalid|localhost))$/i;

const services: readonly (readonly [RegExp, string])[] = [
  [/^sk-ant-/, 'an Anthropic key'],
  [/^sk-/, 'an OpenAI key'],
  [/^(?:AKIA|ASIA)/, 'an AWS access key'],
  [/^(?:gh[pousr]_|github_pat_)/, 'a GitHub token'],
  [/^glpat-/, 'a GitLab token'],
  [/^xox[baprs]-/, 'a Slack token'],
  [/^AIza/, 'a Google API key'],
  [/^hf_/, 'a Hugging Face token'],
  [/^[sr]k_live_/, 'a Stripe key'],
  [/^npm_/, 'an npm token'],
  [/^eyJ/, 'a JSON web token'],
];

const token =
  /(?<![\w-])(?:sk-(?:ant-|proj-)?[\w-]{20,}|(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[baprs]-[\w-]{10,}|AIza[\w-]{35}|hf_[A-Za-z0-9]{30,}|[sr]k_live_[A-Za-z0-9]{16,}|npm_[A-Za-z0-9]{36}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})/g;

const patterns: readonly Pattern[] = [
  {
    code: 'safety/email',
    severity: 'warning',
    title: 'An e-mail address',
    hint: /@/,
    expression: /(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}(?![\w-])/g,
    what: (match) => (exampleDomain.test(match) ? undefined : 'an e-mail address'),
  },
  {
    code: 'safety/phone',
    severity: 'information',
    title: 'A telephone number',
    hint: /[+(]\d/,
    expression: /(?<![\w+.])(?:\+\d{1,3}[ ./-]?(?:\(?\d{1,5}\)?[ ./-]?){1,5}\d{2,}|\(\d{3}\) ?\d{3}-\d{4})(?![\w.]\d)/g,
    what: (match) => {
      const digits = match.replace(/\D/g, '').length;
      return digits >= 9 && digits <= 15 ? 'a telephone number' : undefined;
    },
  },
  {
    code: 'safety/card',
    severity: 'error',
    title: 'A number of a payment card',
    hint: /\d(?:[ -]?\d){12}/,
    expression: /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)/g,
    what: (match) => (isCardNumber(match) ? 'a number of a payment card' : undefined),
  },
  {
    code: 'safety/iban',
    severity: 'error',
    title: 'An account number (IBAN)',
    hint: /[A-Z]{2}\d\d ?[A-Z0-9]{4}/,
    expression: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/g,
    what: (match) => (isIban(match) ? 'an account number (IBAN)' : undefined),
  },
  {
    code: 'safety/access-token',
    severity: 'error',
    title: 'A key or token of a service',
    hint: /sk[-_]|rk_live_|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[baprs]-|AIza|hf_|npm_|eyJ/,
    expression: token,
    what: (match) => services.find(([start]) => start.test(match))?.[1] ?? 'an access token',
  },
  {
    code: 'safety/private-key',
    severity: 'error',
    title: 'A private key',
    hint: /PRIVATE KEY/,
    expression: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/g,
    what: () => 'a private key',
  },
];

export const safetyRules: readonly RowRule[] = patterns.map(({ code, severity, title, hint, expression, what }) => ({
  code,
  group: 'safety',
  severity,
  title,
  check: (row) =>
    hint.test(row.text)
      ? firstMatches(row.leaves, expression, ([match]) => {
          const name = what(match);
          if (name === undefined) return undefined;
          const shown = code === 'safety/private-key' ? '' : ` (${mask(match)})`;
          return {
            message: `The text holds ${name}${shown}, which the model may repeat to anybody. Replace it by an invented one.`,
          };
        })
      : nothing,
}));
