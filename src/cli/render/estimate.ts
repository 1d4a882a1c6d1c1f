// The report of `finetune estimate` as lines.
import type { EstimateReport } from '../estimate.ts';
import { planLines } from './events.ts';
import { formatBytes, formatDuration } from './numbers.ts';
import { problemLines } from './problems.ts';
import type { Style } from './style.ts';

/** `memory`: what this machine has, in bytes. */
export function estimateLines(
  report: EstimateReport,
  memory: { readonly availableBytes: number },
  style: Style,
  directory: string,
): string[] {
  const { estimates, warnings, decisions } = report;
  const { memory_bytes: needed, seconds, disk_bytes: disk, flops_per_step: flops } = estimates;
  const fits = needed === undefined || needed <= memory.availableBytes;
  const available = `${formatBytes(memory.availableBytes)} available`;
  const decided = decisions.filter(({ source }) => source === 'auto');
  return [
    ...warnings.flatMap((warning) => problemLines(warning, style, directory)),
    ...planLines(report, style),
    ...(needed === undefined
      ? []
      : [`${style.bold('Memory')} ${fits ? '' : style.red('too much: ')}${formatBytes(needed)} at most, ${available}`]),
    ...(seconds === undefined ? [] : [`${style.bold('Time')}   ${formatDuration(seconds)} for all steps`]),
    ...(disk === undefined ? [] : [`${style.bold('Disk')}   ${formatBytes(disk)}`]),
    ...(flops === undefined ? [] : [`${style.bold('Work')}   ${(flops / 1e9).toPrecision(3)} GFLOP a step`]),
    ...(decided.length === 0 ? [] : ['', style.bold('Decided for you')]),
    ...decided.map(({ path, value, reason }) => `  ${path}: ${JSON.stringify(value)}  ${style.dim(reason ?? '')}`),
  ];
}
