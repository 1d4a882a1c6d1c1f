// Failures of the hub in a person's words.
import { HubApiError } from '@huggingface/hub';
import { ProblemError, problem } from '../protocol/problem.ts';
import { errorCode } from './files.ts';
import type { HubReference } from './hubReference.ts';

/** A file's answer that was no file. */
export class DownloadError extends Error {
  readonly status: number;

  constructor(status: number, path: string) {
    super(`status ${status} for ${path}`);
    this.status = status;
  }
}

/** True when the hub could not be reached at all, as opposed to having said no. */
export function isNoNetwork(error: unknown): boolean {
  if (error instanceof ProblemError || statusOf(error) !== undefined) return false;
  if (!(error instanceof Error)) return false;
  // `fetch` fails with a TypeError whose cause tells why; a time limit is a DOMException.
  return (error instanceof TypeError && error.cause !== undefined) || error.name === 'TimeoutError';
}

/** Turns a failed request into a `ProblemError`; problems pass through, and so do errors of the disk. */
export function explainHubError(error: unknown, { id, revision }: HubReference, endpoint: string): unknown {
  if (error instanceof ProblemError) return error;
  const address = `${endpoint}/${id}`;
  switch (statusOf(error)) {
    case 401:
    case 403:
      return problem(
        'models/hub-access',
        `The hub does not give out ${id}: it is gated, private, or does not exist. Check the spelling; if the model asks ` +
          `for it, accept its licence at ${address}, then set HF_TOKEN to a token from ${endpoint}/settings/tokens that may read it.`,
      );
    case 404:
      return problem(
        'models/hub-not-found',
        `The hub at ${endpoint} knows no model ${id} with the revision ${revision}. Check the spelling. ` +
          'For a model on this machine write its path, for example ./name.',
      );
    case 429:
      return problem('models/hub-error', 'The hub asks for fewer requests (429). Wait some minutes, or set HF_TOKEN.');
    case undefined:
      break;
    default:
      return problem('models/hub-error', `The hub answered with an error: ${messageOf(error)}. Try again later.`);
  }
  if (isNoNetwork(error)) {
    return problem(
      'models/hub-no-network',
      `${endpoint} cannot be reached (${messageOf(error)}), and ${id} is not wholly in the cache. Check the connection, ` +
        'or name a model on this machine. HF_ENDPOINT sets another hub.',
    );
  }
  if (errorCode(error) !== undefined) return error;
  return problem('models/hub-error', `${id} could not be fetched: ${messageOf(error)}.`);
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HubApiError) return error.statusCode;
  return error instanceof DownloadError ? error.status : undefined;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? (errorCode(error.cause) ?? error.cause.message) : undefined;
  return cause === undefined ? error.message : `${error.message}: ${cause}`;
}
