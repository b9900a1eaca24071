/** What was taken from what a model said, and by which rule; docs/code.md tells what each rule does. */
export interface Extracted {
  readonly answer: string | null;
  readonly rule: string;
}

export const nothing = (rule: string): Extracted => ({ answer: null, rule });

/** How models say that they will not answer, at the beginning of what they say. */
const refusing =
  /\b(?:I(?:'|’| a)?m (?:really |very |so )?(?:sorry|unable|not able|not allowed)|I (?:cannot|can(?:'|’)?t|can not|won(?:'|’)?t|will not|must decline|do not feel comfortable)|as an AI\b|sorry, (?:but )?I)/iu;

export const isRefusal = (text: string): boolean => refusing.test(text.trimStart().slice(0, 300));
