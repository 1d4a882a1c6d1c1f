// Quick fixes of `output`: a folder of its own below outputs/, or none.
import { samePath } from '../../config/rules/data.ts';
import { valueAt } from '../../config/path.ts';
import { remove, set, type Broken, type Wanted } from './fixParts.ts';

/** Folders that are tried, by the name of the run or what `output` was called. */
const triedNames = 20;

/** Another folder that can be written and holds nothing; without `output` the result stays in the run's folder. */
export function outputFixes({ text, path, facts }: Broken): Wanted[] {
  const { value } = text.document;
  const [output, name] = ['output', 'name'].map((field) => valueAt(value, field));
  const called = typeof name === 'string' ? name : typeof output === 'string' ? lastPart(output) : '';
  const plain = /^[\w.-]+$/.test(called) && !/^\.+$/.test(called) ? called : 'result';
  const tried = Array.from({ length: triedNames }, (_, i) => `outputs/${plain}${i === 0 ? '' : `-${i + 1}`}`);
  const isFree = (folder: string): boolean =>
    !(typeof output === 'string' && samePath(folder, output)) &&
    facts.cannotWrite?.(folder) === undefined &&
    facts.fileExists?.(folder) !== true;
  const free = tried.find(isFree);
  return [...(free === undefined ? [] : [set(path, free)]), { ...remove(path), isPreferred: false }];
}

function lastPart(path: string): string {
  return path.replaceAll('\\', '/').replace(/\/+$/, '').split('/').at(-1) ?? '';
}
