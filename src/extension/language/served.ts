// Which documents the language server looks at.

/** Language ids of package.json, and JSON Lines, which the editor brings along. */
export const servedLanguages = ['finetune-yaml', 'finetune-json', 'jsonl'] as const;

/** Files, and documents that were never saved. */
export const servedDocuments = servedLanguages.flatMap((language) => [
  { scheme: 'file', language },
  { scheme: 'untitled', language },
]);

/** Arrays of rows are served too, but no JSON file alone is reason enough to start the server. */
export const alsoServed = [{ scheme: 'file', language: 'json' }];

export function isServed(document: {
  readonly languageId: string;
  readonly uri: { readonly scheme: string };
}): boolean {
  return servedDocuments.some(
    ({ scheme, language }) => document.uri.scheme === scheme && document.languageId === language,
  );
}
