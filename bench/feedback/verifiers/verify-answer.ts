import type { VerifiedAnswer, Verifier, VerifierContext } from "./verifier.ts";
import { visibleText } from "../text/visible-text.ts";
import { unknown } from "./verified.ts";

/**
 * Verifies what a reader sees of an answer. Of an answer of which nobody sees anything, nothing is said: it holds no emoji, and
 * follows no preference either.
 */
export async function verifyAnswer(
  verifier: Verifier,
  said: string,
  context: VerifierContext,
): Promise<VerifiedAnswer> {
  const { text, cutInThoughts } = visibleText(said);
  if (text === "")
    return unknown(
      cutInThoughts ? "it was cut while the model thought" : "it holds no text that a reader sees",
    );
  return verifier.verify(text, context);
}
