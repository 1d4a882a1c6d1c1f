// Every code of the config room: the cross-field rules, and the faults that reading and the schema find.

import { dataRules } from './data.ts';
import { distributedRules } from './distributed.ts';
import { engineRules } from './engine.ts';
import { evaluationRules } from './evaluation.ts';
import { fileRules } from './files.ts';
import { loraRules } from './lora.ts';
import { prefixRules } from './prefix.ts';
import { objectiveRules } from './objective.ts';
import { machineRules } from './machine.ts';
import type { CodeInfo, ConfigRule } from './rule.ts';
import { trainingRules } from './training.ts';

/** Cross-field rules, checked by `checkConfig`. */
export const configRules: readonly ConfigRule[] = [
  ...fileRules,
  ...dataRules,
  ...trainingRules,
  ...loraRules,
  ...prefixRules,
  ...objectiveRules,
  ...evaluationRules,
  ...engineRules,
  ...distributedRules,
  ...machineRules,
];

/** What `parseConfig` finds. */
const parseCodes: readonly CodeInfo[] = [
  ['config/yaml-syntax', 'The text is not valid YAML (or JSON): tabs, brackets, quotes, indentation.'],
  ['config/duplicate-key', 'A field is written twice in one block.'],
  ['config/not-text', 'The file has NUL bytes, or bytes that are not UTF-8.'],
  ['config/empty-file', 'The file has no fields.'],
  ['config/not-a-mapping', 'The file holds a list or a single value instead of fields.'],
  ['config/too-large', 'The file is far larger, or nested deeper, than any config.'],
  ['config/unknown-key', 'A field that does not exist; names of other tools and typing errors get a *did you mean*.'],
  ['config/missing-field', 'A field that every config needs is absent.'],
  ['config/empty-value', 'A field has a name but no value.'],
  ['config/wrong-value', 'A value is not of the kind, or not one of the words, that the field allows.'],
  ['config/out-of-range', 'A number is smaller or larger than the field allows.'],
  ['config/environment-unset', 'A text refers to an environment variable that is not set.'],
  ['config/environment-syntax', 'A text has `${env:…}` with something that is no variable name.'],
  ['config/override-syntax', 'A `--set` is not of the form path=value, or its value cannot be read.'],
  ['config/override-path', 'A `--set` leads into a single value, or to a list item that is not there.'],
].map(([code, summary]) => ({ code: code ?? '', severity: 'error', summary: summary ?? '' }));

/** All codes with severity and summary, for docs/config.md and the editor. */
export const configCodes: readonly CodeInfo[] = [
  ...parseCodes,
  ...configRules.map(({ code, severity, summary }) => ({ code, severity, summary })),
];
