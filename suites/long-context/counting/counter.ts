/** How the tokens of a prompt are counted; each says which it is, in the run and in every sample. */
export const countingWays = ["tokenize-messages", "tokenize-text", "model-folder", "usage"] as const;
export type CountingWay = (typeof countingWays)[number];

export interface TokenCounter {
  readonly way: CountingWay;
  /** In words, for a person. */
  readonly about: string;
  /** Tokens of the whole prompt, with system message and chat template, whose user message is this text. */
  count(text: string): Promise<number>;
  /** True where a count makes the model read the whole text. */
  readonly dear: boolean;
  /** A word, with the space before it, that is one token wherever it is repeated. */
  readonly unit: string;
}
