// Types of lint-pages.mjs for the test that lints its examples.
export const lintPages: Readonly<
  Record<string, { readonly why: string; readonly bad?: string; readonly mend: string }>
>;
