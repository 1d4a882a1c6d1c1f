// What the data room hands to an engine: rows laid one after another in a sequence, without padding.

/**
 * One or more rows in one sequence of T tokens. Attention never crosses from one row to another and positions start
 * at 0 in every row, so the loss of a row does not depend on its neighbours.
 */
export interface PackedSequence {
  /** Token ids, [T]. */
  readonly tokens: Int32Array;
  /** Position of each token inside its row, [T]. */
  readonly positions: Int32Array;
  /** Index of the row that each token belongs to, counting from 0, [T]. */
  readonly segments: Int32Array;
  /** Places whose next token is trained, ascending, [S]: the logits at `lossPositions[i]` predict `lossTargets[i]`. */
  readonly lossPositions: Int32Array;
  /** The token ids to be predicted there, [S]. */
  readonly lossTargets: Int32Array;
  /** Sample id of each row, such as `data/train.jsonl:12` (line numbers count from 1). */
  readonly sampleIds: readonly string[];
  /** Of answers: what each row was worth, by itself or against others, as the objective wants it. */
  readonly worth?: Float32Array;
}
