// Keys and tokens of well-known services, by the beginnings that the services gave them so that they can be found.

/** Where a token begins, what follows, and whose it is. */
const services: readonly (readonly [start: string, rest: string, whose: string])[] = [
  ['sk-ant-', '[\\w-]{20,}', 'an Anthropic key'],
  ['sk-(?:proj|svcacct|admin|or-v1)-', '[\\w-]{20,}', 'an OpenAI key'],
  ['sk-', '[A-Za-z0-9]{32,}', 'an OpenAI key'],
  ['(?:AKIA|ASIA)', '[A-Z0-9]{16}', 'an AWS access key'],
  ['gh[pousr]_', '[A-Za-z0-9]{36,}', 'a GitHub token'],
  ['github_pat_', '\\w{22,}', 'a GitHub token'],
  ['glpat-', '[\\w-]{20,}', 'a GitLab token'],
  ['xox[baprs]-', '[\\w-]{10,}', 'a Slack token'],
  ['AIza', '[\\w-]{35}', 'a Google API key'],
  ['hf_', '[A-Za-z0-9]{30,}', 'a Hugging Face token'],
  ['[sr]k_live_', '[A-Za-z0-9]{16,}', 'a Stripe key'],
  ['npm_', '[A-Za-z0-9]{36}', 'an npm token'],
  ['pypi-AgE', '[\\w-]{50,}', 'a PyPI token'],
  ['dop_v1_', '[a-f0-9]{64}', 'a DigitalOcean token'],
  ['SG\\.', '[\\w-]{16,}\\.[\\w-]{30,}', 'a SendGrid key'],
  ['gsk_', '[A-Za-z0-9]{40,}', 'a Groq key'],
  ['xai-', '[A-Za-z0-9]{40,}', 'an xAI key'],
  ['eyJ', '[\\w-]{10,}\\.eyJ[\\w-]{10,}\\.[\\w-]{10,}', 'a JSON web token'],
];

export const tokenPattern = new RegExp(
  `(?<![\\w-])(?:${services.map(([start, rest]) => start + rest).join('|')})(?![\\w])`,
  'g',
);

const owners = services.map(([start, , whose]) => [new RegExp(`^${start}`), whose] as const);

/** AWS and jwt.io have examples of their own. */
const wellKnown = /EXAMPLE|eyJzdWIiOiIxMjM0NTY3ODkwI/;

/** Whose token it is; undefined for examples and for what was filled with x. */
export function tokenService(match: string): string | undefined {
  if (wellKnown.test(match) || new Set(match.slice(8)).size < 8) return undefined;
  return owners.find(([start]) => start.test(match))?.[1];
}
