/** Why a trajectory has no place in an export. */
export interface LeftOut {
  /** One wording for all of its kind: it is counted. */
  readonly reason: string;
  /** What is peculiar to this one. */
  readonly detail?: string;
  /** Where its rendering first differs from what the model saw or wrote. */
  readonly difference?: RenderingDifference;
}

export interface RenderingDifference {
  /** Index in the line's `messages` of the answer that was compared. */
  readonly message: number;
  /** Index in the ids of its prompt and output; null where texts were compared. */
  readonly token: number | null;
  /** What the engine had there. */
  readonly expected: string;
  /** What the template makes of the line. */
  readonly actual: string;
}
