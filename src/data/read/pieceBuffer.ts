// Collects the bytes of one row across chunks, up to a limit: a row beyond it is counted but not kept.

export class PieceBuffer {
  private parts: Buffer[] = [];
  private kept = 0;
  private length = 0;
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  get byteLength(): number {
    return this.length;
  }

  add(bytes: Buffer): void {
    this.length += bytes.length;
    if (this.length > this.limit) {
      this.parts = [];
      this.kept = 0;
    } else {
      this.parts.push(bytes);
      this.kept += bytes.length;
    }
  }

  /** The bytes (undefined when there were too many) and their count; the buffer is empty afterwards. */
  take(): { bytes: Buffer | undefined; byteLength: number } {
    const byteLength = this.length;
    const [first, ...rest] = this.parts;
    let bytes: Buffer | undefined;
    if (byteLength <= this.limit)
      bytes = rest.length === 0 ? (first ?? Buffer.alloc(0)) : Buffer.concat(this.parts, this.kept);
    this.parts = [];
    this.kept = 0;
    this.length = 0;
    return { bytes, byteLength };
  }
}
