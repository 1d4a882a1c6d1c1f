// Progress of a preparation: bytes read, rows seen and how many there will probably be.

export interface PrepareProgress {
  /** hash = looking for the cache; detect = telling the format; tokenise = making the cache. */
  readonly phase: 'hash' | 'detect' | 'tokenise';
  readonly file: string;
  /** Over all files, as stored (gzipped files count packed). */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** Rows of all files so far, and the estimate from the share of bytes read; 0 while hashing. */
  readonly rows: number;
  readonly estimatedRows: number;
}

/** Counts over the files of one preparation; reports about once a megabyte. */
export class ProgressReporter {
  private readonly bytesTotal: number;
  private readonly onProgress: ((progress: PrepareProgress) => void) | undefined;
  private bytesBefore = 0;
  private rowsBefore = 0;

  constructor(bytesTotal: number, onProgress: ((progress: PrepareProgress) => void) | undefined) {
    this.bytesTotal = bytesTotal;
    this.onProgress = onProgress;
  }

  /** Reporter of one pass over one file. */
  file(phase: 'detect' | 'tokenise', file: string): { onBytes: (bytesRead: number) => void; onRow: () => void } {
    let rows = 0;
    return {
      onRow: () => {
        rows += 1;
        if (phase === 'tokenise') this.rowsBefore += 1;
      },
      onBytes: (bytes) => {
        const bytesRead = this.bytesBefore + bytes;
        const seen = phase === 'tokenise' ? this.rowsBefore : this.rowsBefore + rows;
        const estimatedRows = bytesRead === 0 ? 0 : Math.round((seen * this.bytesTotal) / bytesRead);
        this.onProgress?.({ phase, file, bytesRead, bytesTotal: this.bytesTotal, rows: seen, estimatedRows });
      },
    };
  }

  fileDone(bytes: number): void {
    this.bytesBefore += bytes;
  }
}
