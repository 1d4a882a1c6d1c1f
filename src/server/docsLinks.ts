// Addresses of the documentation: pages that lie in the package, or what the editor makes of them.
import { pathToFileURL } from 'node:url';
import { packageFile } from '../platform/packageFile.ts';

export interface DocsLinks {
  /** Address of a section, such as `('config', 'training-learning_rate')`. */
  link(page: string, anchor: string): string;
  /** From now on addresses are made from a pattern with `{page}` and `{anchor}`. */
  use(pattern: string | undefined): void;
}

export function docsLinks(): DocsLinks {
  let pattern: string | undefined;
  return {
    link(page, anchor) {
      if (pattern === undefined) return `${pathToFileURL(packageFile(`docs/${page}.md`)).href}#${anchor}`;
      return pattern.replaceAll('{page}', page).replaceAll('{anchor}', anchor);
    },
    use(given) {
      pattern = given;
    },
  };
}

/** The page that explains a code: `config/…` on one page, codes of datasets on another. */
export function problemPage(code: string): { page: string; anchor: string } {
  const page = code.startsWith('config/') ? 'config-problems' : 'lint';
  return { page, anchor: code.replace('/', '-') };
}
