// What the checking thread and its workers say to each other.
import type { Looks } from '../data/formats/detect.ts';
import type { PartResult } from './rowReader.ts';
import type { LintSettings } from './settings.ts';

export interface LintWorkerData {
  readonly file: string;
  readonly settings: LintSettings;
  readonly format: Looks | undefined;
  /** Findings of a code that are kept with their places. */
  readonly places: number | undefined;
}

/** Whole lines of the file: bytes [start, end). */
export interface PartRequest {
  readonly part: number;
  readonly start: number;
  readonly end: number;
  readonly isFileEnd: boolean;
}

export interface PartAnswer {
  readonly part: number;
  /** Line ends in the part. */
  readonly lines: number;
  readonly result: PartResult;
}
