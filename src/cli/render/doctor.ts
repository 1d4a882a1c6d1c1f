// The report of `finetune doctor` as lines.
import type { DoctorReport } from '../doctor.ts';
import { formatBytes } from './numbers.ts';
import type { Style } from './style.ts';
import { wrap } from './text.ts';

const labelWidth = 14;

/** Sections of a label and lines that hang under it, none wider than `columns` but for paths. */
export function doctorLines(report: DoctorReport, columns: number, style: Style): string[] {
  const { cpu, memory, gpus, notes, platform } = report.machine;
  const entry = (label: string, text: string): string[] => {
    const indent = ' '.repeat(labelWidth);
    return wrap(text, columns, indent).map((line, i) => (i === 0 ? label.padEnd(labelWidth) + line.trimStart() : line));
  };
  const usability = ({ name, usable, reason }: DoctorReport['executors'][number]): string[] => {
    const [first = '', ...rest] = entry(`  ${name}`, reason);
    const mark = usable ? style.green('yes') : style.dim('no ');
    return [`${mark}${first}`, ...rest.map((line) => `   ${line}`)];
  };
  const limit =
    memory.limitBytes === undefined ? '' : `, limited to ${formatBytes(memory.limitBytes)} by the container`;
  const cores = cpu.cores === undefined ? '' : `${cpu.cores} cores, `;
  return [
    style.bold('Versions'),
    ...Object.entries(report.versions).flatMap(([name, version]) => [`  ${name} ${version}`]),
    '',
    style.bold('Machine'),
    ...entry('  system', platform),
    ...entry('  processor', `${cpu.model}, ${cores}${cpu.threads} threads`),
    ...(cpu.features ? entry('', cpu.features.join(' ')) : []),
    ...entry(
      '  memory',
      `${formatBytes(memory.availableBytes)} available of ${formatBytes(memory.totalBytes)}${limit}`,
    ),
    ...gpus.flatMap((gpu) => entry('  gpu', gpuText(gpu))),
    ...(gpus.length === 0 ? entry('  gpu', `none found (${notes.join('; ')})`) : []),
    '',
    style.bold('Devices that training can use'),
    ...report.executors.flatMap(usability),
    '',
    style.bold('The torch engine'),
    ...report.torch.flatMap(usability),
    '',
    style.bold('Places'),
    ...report.places.map(({ name, path, freeBytes }) => {
      const free = freeBytes === undefined ? '' : ` (${formatBytes(freeBytes)} free)`;
      return `  ${name.padEnd(labelWidth - 2)}${path}${free}`;
    }),
  ];
}

function gpuText({ name, totalBytes, freeBytes, driver }: DoctorReport['machine']['gpus'][number]): string {
  const total = totalBytes === undefined ? '' : `, ${formatBytes(totalBytes)}`;
  const free = freeBytes === undefined ? '' : ` (${formatBytes(freeBytes)} free)`;
  return `${name}${total}${free}${driver === undefined ? '' : `, driver ${driver}`}`;
}
