// Which disks do not tell of changes that another machine makes: there, watching means looking again and again.

import { statfs } from 'node:fs/promises';

/** Types of file systems as Linux's statfs numbers them: NFS, SMB, CIFS, SMB2, FUSE, 9P (drives of Windows in WSL), Lustre. */
const remoteTypes: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x0bd00bd0,
]);

/** True when the folder lies on a disk shared with other machines; only Linux tells, elsewhere UNC paths are known. */
export async function needsPolling(folder: string): Promise<boolean> {
  if (process.platform === 'win32') return folder.startsWith('\\\\');
  if (process.platform !== 'linux') return false;
  try {
    return remoteTypes.has((await statfs(folder)).type >>> 0);
  } catch {
    return false;
  }
}
