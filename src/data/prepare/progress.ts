// Progress of a preparation: bytes read, rows seen and how many there will probably be.

export interface PrepareProgress {
  /** hash = looking for the cache; detect = telling the format; tokenise = making the cache. */
  readonly phase: 'hash' | 'detect' | 'tokenise';
  readonly file: string;
  /** Over all files, as stored (gzipped files count packed). */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** Rows of all files so far, and how many there will be by the share of bytes read; 0 while hashing. */
  readonly rows: number;
  readonly estimatedRows: number;
}

/** Reporter of one pass over one file. */
export interface PassReporter {
  /** Bytes of the stored file read so far. */
  readonly onBytes: (bytesRead: number) => void;
  readonly onRows: (rows: number) => void;
  /** Tells where things stand. */
  readonly report: () => void;
}

/** Counts over the files of one preparation. */
export class ProgressReporter {
  private readonly bytesTotal: number;
  private readonly onProgress: ((progress: PrepareProgress) => void) | undefined;
  private bytesBefore = 0;
  private rowsBefore = 0;

  constructor(bytesTotal: number, onProgress: ((progress: PrepareProgress) => void) | undefined) {
    this.bytesTotal = bytesTotal;
    this.onProgress = onProgress;
  }

  file(phase: 'detect' | 'tokenise', file: string): PassReporter {
    let bytesOfFile = 0;
    let rowsOfFile = 0;
    let estimatedRows = 0;
    const report = () => {
      const bytesRead = this.bytesBefore + bytesOfFile;
      const rows = this.rowsBefore + rowsOfFile;
      const estimate = Math.max(estimatedRows, rows);
      this.onProgress?.({ phase, file, bytesRead, bytesTotal: this.bytesTotal, rows, estimatedRows: estimate });
    };
    return {
      report,
      onRows: (rows) => {
        rowsOfFile += rows;
      },
      onBytes: (bytesRead) => {
        // The rows seen are those of the bytes before this chunk.
        const bytesDone = this.bytesBefore + bytesOfFile;
        if (bytesDone > 0) estimatedRows = Math.round(((this.rowsBefore + rowsOfFile) * this.bytesTotal) / bytesDone);
        bytesOfFile = bytesRead;
        report();
      },
    };
  }

  fileDone(bytes: number, rows: number): void {
    this.bytesBefore += bytes;
    this.rowsBefore += rows;
  }
}
