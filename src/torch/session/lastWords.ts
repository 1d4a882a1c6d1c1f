// What a worker printed last, for people: without the calls of a Python trace, and whether it says that memory ran out.

/** Characters of an output that are kept to explain the end of who printed it. */
const kept = 4000;

/** The end of an output: whole lines, so that no rest of one is taken for something that was said. */
export function keepEnd(output: string): string {
  if (output.length <= kept) return output;
  const cut = output.slice(-kept);
  return cut.slice(cut.indexOf('\n') + 1);
}

/** Lines of an explanation. */
const shown = 6;

/**
 * The last lines of an output, `known` left out where they are told already. Of a trace only its last line stays, which names
 * the error, and of what Python warns of nothing: all of it is in the log.
 */
export function lastLines(output: string, known?: string): string[] {
  const lines = output.trimEnd().split('\n');
  const hasSource = lines.some((line) => call.test(line) || warning.test(line));
  const isSaid = (line: string): boolean =>
    line.trim() !== '' && !warning.test(line) && !(hasSource && ofTrace.test(line));
  return lines.filter((line) => isSaid(line) && !(known && line.includes(known))).slice(-shown);
}

const call = /^\s*File ".+", line \d+/;
const warning = /^\S.*:\d+: \w*Warning: /;
/** Calls and their source lie further in than what is printed for people. */
const ofTrace =
  /^(?:\s{2,}|Traceback \(most recent call last\)|During handling of the above exception|The above exception was)/;

/**
 * Whether somebody who died says that the system gave it no more memory: the C++ library, Python, or the system's loader,
 * which gives no reason for a library that finds no room.
 */
export function ranOutOfMemory(lines: readonly string[]): boolean {
  return lines.some((line) =>
    /\bbad_alloc\b|\bMemoryError\b|cannot allocate memory|failed to map segment from shared object$/i.test(line),
  );
}
