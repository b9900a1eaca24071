/** Why prompts of these lengths do not fit with their answers; null where they do, and where the context is not known. */
export function tooLong(
  lengths: readonly number[],
  { context, answer }: { readonly context: number | null; readonly answer: number },
): string | null {
  if (context === null) return null;
  const long = lengths.filter((length) => length + answer > context).toSorted((a, b) => a - b);
  if (long.length === 0) return null;
  const most = context - answer;
  const instead = most > 0 ? `The longest prompt that leaves room is ${most}` : "No prompt leaves room";
  return `workload.lengths: ${long.join(", ")} tokens and an answer of up to ${answer} (sampling.maxTokens) do not fit into the model's context of ${context} tokens. ${instead}: write shorter lengths, lower sampling.maxTokens, or start the model with a longer context.`;
}
