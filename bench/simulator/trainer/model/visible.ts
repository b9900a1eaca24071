import { createHash } from "node:crypto";

/** A text without what a model thought: whole blocks, and all before the end of one whose beginning is not there. */
export function withoutThinking(text: string): string {
  const rest = text.replaceAll(/<think>.*?<\/think>/gsu, "");
  const end = rest.indexOf("</think>");
  return (end < 0 ? rest : rest.slice(end + "</think>".length)).trim();
}

/** What answers are told apart by: blanks of all kinds are alike, because agents change them. */
export function answerKey(text: string): string {
  const plain = withoutThinking(text).replaceAll(/\s+/gu, " ").trim();
  return createHash("sha256").update(plain).digest("hex");
}
