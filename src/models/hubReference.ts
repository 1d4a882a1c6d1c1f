// Names of models on the hub: `org/name` and `org/name@revision`.

export interface HubReference {
  /** `org/name`. */
  readonly id: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

const part = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?';
const pattern = new RegExp(`^(${part}/${part})(?:@([A-Za-z0-9][A-Za-z0-9._/-]*))?$`);

/** The parts of a hub id, or undefined when the text cannot be one. */
export function parseHubReference(text: string): HubReference | undefined {
  const parsed = pattern.exec(text);
  const id = parsed?.[1];
  const revision = parsed?.[2] ?? 'main';
  // The hub forbids these in names; in a revision `..` would leave the cache folder.
  if (id === undefined || /--|\.\./.test(id) || revision.includes('..') || id.length > 200) return undefined;
  return { id, revision };
}

/** True for a full commit hash, which always means the same files. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
