import { readFileSync } from "node:fs";
import type { LoadSession } from "../../bench/load/load.ts";
import { createRng } from "../../bench/statistics/rng.ts";

/** Conversations as agents have them: the same instructions, questions of their own, each request one answer longer. */
const shape = {
  instructionWords: 1200,
  firstWords: 150,
  laterWords: 40,
  turns: 4,
  outputTokens: 60,
  thinkMs: 200,
};

const words = readFileSync(new URL("../../bench/simulator/model/corpus.md", import.meta.url), "utf8")
  .split(/[^A-Za-z]+/)
  .filter((word) => word.length > 0);

export const outputTokens = shape.outputTokens;

/** For a number of users that each have some conversations; the same for every engine. */
export function conversations(users: number): readonly LoadSession[] {
  const rng = createRng(users);
  const said = (count: number) =>
    Array.from({ length: count }, () => words[Math.floor(rng.next() * words.length)] ?? "").join(" ");
  const instructions = { role: "system", content: words.slice(0, shape.instructionWords).join(" ") };
  // One user alone would be done before anything can be said of percentiles.
  const count = Math.max(6, 2 * users);
  return Array.from({ length: count }, (_, index) => {
    const key = `${users}-${index}`;
    const messages: { readonly role: string; readonly content: string }[] = [instructions];
    const requests = Array.from({ length: shape.turns }, (_unused, turn) => {
      if (turn > 0) messages.push({ role: "assistant", content: said(shape.outputTokens) });
      messages.push({ role: "user", content: said(turn === 0 ? shape.firstWords : shape.laterWords) });
      return {
        id: `${key}-${turn}`,
        path: "/v1/chat/completions",
        body: chatBody(messages),
        thinkMs: shape.thinkMs * rng.next(),
      };
    });
    return { key, headers: {}, requests };
  });
}

/** The length of an answer is given, so that all engines have the same work. */
function chatBody(messages: readonly unknown[]): string {
  return JSON.stringify({
    model: "library",
    messages,
    max_tokens: shape.outputTokens,
    temperature: 0,
    ignore_eos: true,
    stream: true,
    stream_options: { include_usage: true },
  });
}
