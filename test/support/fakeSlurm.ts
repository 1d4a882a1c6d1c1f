// Programs with the names of SLURM's, which keep one job in a folder: it waits once, then runs on two nodes of this machine.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const programs: Readonly<Record<string, string>> = {
  // It refuses one partition, and lets a job without time end at once.
  sbatch: `grep -q -- --partition=nowhere "$2" && { echo 'sbatch: error: invalid partition' >&2; exit 1; }
rm -f "$STATE/asked" "$STATE/late"
grep -q -- --time=0 "$2" && touch "$STATE/late"
echo '4711;cluster'`,
  squeue: `[ -e "$STATE/late" ] && { echo 'TIMEOUT||'; exit; }
[ -e "$STATE/asked" ] && { echo 'RUNNING||here[1-2]'; exit; }
touch "$STATE/asked"
echo 'PENDING|(Priority)|'`,
  scontrol: `[ "$3" = 'here[1-2]' ] && printf '127.0.0.1\\nlocalhost\\n'`,
  srun: `while :; do case "$1" in
  --export=*) for pair in $(echo "\${1#--export=ALL,}" | tr , ' '); do export "$pair"; done; shift ;;
  --nodelist=*) echo "\${1#*=}" >> "$STATE/steps"; shift ;;
  --*) shift ;;
  *) break ;;
esac; done
exec "$@"`,
  scancel: `echo "$1" >> "$STATE/cancelled"`,
};

/** Returns the folder to put before PATH. What happens is noted in `folder`: `steps`, `cancelled`. */
export async function writeFakeSlurm(folder: string): Promise<string> {
  const bin = path.join(folder, 'bin-slurm');
  await mkdir(bin, { recursive: true });
  for (const [name, body] of Object.entries(programs)) {
    const text = `#!/bin/sh\nSTATE='${folder}'\n${body}\n`;
    await writeFile(path.join(bin, name), text, { mode: 0o755 });
  }
  return bin;
}
