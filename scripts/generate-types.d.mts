// Types of generate-types.mjs for the test that compares what is committed with what it would write.
export function renderTypes(schema: object): Promise<string>;
export function renderDocs(
  schema: object,
  rules: readonly { readonly code: string; readonly severity: string; readonly summary: string }[],
): Promise<string>;
