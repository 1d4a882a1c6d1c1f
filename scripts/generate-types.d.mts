// Types of generate-types.mjs for the test that compares what it writes.
export function renderTypes(schema: unknown): Promise<string>;
export function renderDocs(schema: unknown): Promise<string>;
export function renderProblems(codes: readonly unknown[]): Promise<string>;
export function renderImportPage(tools: unknown): Promise<string>;
