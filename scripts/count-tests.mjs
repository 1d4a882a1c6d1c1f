// Adds up the test reports of a folder and ends .ci/run: `N passed, N failed, N skipped`, and why when it failed.
// Usage: node count-tests.mjs <folder with vitest JSON reports> [failed step]…
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...failedSteps] = process.argv.slice(2);
const totals = { passed: 0, failed: 0, skipped: 0 };

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  totals.passed += report.numPassedTests;
  // A file that could not be loaded fails without a single failed test in it.
  const broken = report.testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some(isFailed));
  totals.failed += report.numFailedTests + broken.length;
  totals.skipped += report.numPendingTests + report.numTodoTests;
}
// A step that fails without a test (types, lint, a build) is a failure too.
const otherSteps = failedSteps.filter((name) => !/tests/.test(name) || totals.failed === 0);
totals.failed += otherSteps.length;

if (failedSteps.length > 0) console.log(`failed: ${failedSteps.join(', ')}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;

function isFailed(result) {
  return result.status === 'failed';
}
