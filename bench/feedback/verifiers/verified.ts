import type { VerifiedAnswer } from "./verifier.ts";

export const whole = (passed: boolean, detail: string | null): VerifiedAnswer => ({
  score: passed ? 1 : 0,
  passed,
  detail,
});

/** Nobody could say. */
export const unknown = (why: string): VerifiedAnswer => ({ score: null, passed: null, detail: why });

/** A text that stands in a sentence of ours. */
export function quoted(text: string): string {
  const characters = Array.from(text);
  return JSON.stringify(characters.length > 80 ? `${characters.slice(0, 80).join("")}…` : text);
}
