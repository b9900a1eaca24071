import type { EngineCore } from "../engine/engine.ts";

export interface PromptTokens {
  readonly text: string;
  readonly ids: Int32Array;
}

const turnStart = "<|im_start|>";

/**
 * Keeps the last tokens of a prompt, as many as `truncatePrompt` says; everything after this, `usage` too, sees no more than
 * them. The text gets the head of the turn that was cut: the policies read turns, and need to know whose text is left.
 */
export function truncatePrompt(prompt: PromptTokens, { options, tokenizer }: EngineCore): PromptTokens {
  const kept = options.truncatePrompt;
  if (kept === undefined || prompt.ids.length <= kept) return prompt;
  const ids = prompt.ids.slice(-kept);
  // A character whose first bytes are gone decodes to a replacement character, which is no end of the whole text.
  const left = tokenizer.decode(ids).replace(/^\uFFFD+/, "");
  const cut = prompt.text.length - left.length;
  const turn = prompt.text.lastIndexOf(turnStart, cut);
  const headEnd = prompt.text.indexOf("\n", turn) + 1;
  if (turn < 0 || turn === cut) return { text: left, ids };
  if (headEnd === 0 || headEnd > cut) return { text: prompt.text.slice(turn), ids };
  return { text: prompt.text.slice(turn, headEnd) + left, ids };
}
