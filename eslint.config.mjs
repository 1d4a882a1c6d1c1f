// Lint rules: type-checked TypeScript, and the import rules between the rooms of ARCHITECTURE.md with their reasons.
import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { restrictedImports } from './scripts/room-rules.mjs';

const rooms = restrictedImports();

export default tseslint.config(
  { ignores: ['dist/', 'dist.new-*/', 'node_modules/', '.venv/', 'test-results/', '**/*.generated.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
    },
  },
  // uPlot's enum of scales exists only in its types: its values must be written as numbers.
  { files: ['webview-ui/charts/chart.ts'], rules: { '@typescript-eslint/no-unsafe-enum-assignment': 'off' } },
  ...rooms,
);
