import type { Follows } from "./law-schema.ts";

const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}|\p{So}|\u{20e3}/u;

/** Whether a text follows a preference. */
export function isFollowing(text: string, follows: Follows): boolean {
  if ("no_emoji" in follows) return !emoji.test(text);
  if ("sentences_max" in follows) return sentencesOf(text) <= follows.sentences_max;
  if ("contains" in follows) return text.toLowerCase().includes(follows.contains.toLowerCase());
  return new RegExp(follows.matches, "iu").test(text);
}

function sentencesOf(text: string): number {
  return text.split(/[.!?]+(?:\s|$)/u).filter((part) => part.trim() !== "").length;
}
