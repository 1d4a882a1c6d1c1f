// How long the command line takes to start: `finetune --help` against Node alone, the best and the median of 15 starts.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const starts = 15;

console.log(`Node ${process.version}, ${process.platform}-${process.arch}\n`);
console.log('| program | best | median |');
console.log('| --- | --- | --- |');
measure('node -e 0', ['-e', '0']);
measure('finetune --help', [cli, '--help']);
measure('finetune runs', [cli, 'runs']);

function measure(name, args) {
  const times = Array.from({ length: starts }, () => {
    const begun = performance.now();
    execFileSync(process.execPath, args, { stdio: 'ignore' });
    return performance.now() - begun;
  }).toSorted((a, b) => a - b);
  console.log(`| ${name} | ${times[0].toFixed(0)} ms | ${times[(starts - 1) / 2].toFixed(0)} ms |`);
}
