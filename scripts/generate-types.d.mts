// Types of generate-types.mjs for the test that compares what it writes.
export function renderTypes(schema: unknown): Promise<string>;
export function renderDocs(schema: unknown): Promise<string>;
export function renderProblems(codes: readonly unknown[]): Promise<string>;
export function renderImportPage(tools: unknown): Promise<string>;
export function renderLintPage(
  rules: readonly {
    readonly code: string;
    readonly group: string;
    readonly severity: string;
    readonly title: string;
    readonly fix?: string;
  }[],
): Promise<string>;
