import type { LoadSession } from "../load/load.ts";
import { identityHeaders } from "../workload/exchange.ts";

export interface SessionShape {
  /** Requests of a conversation, each with one answer more in it than the one before. */
  readonly turns: number;
  /** Characters of each user message. */
  readonly messageChars: (session: number) => number;
  readonly outputTokens: number;
  /** Pause before each later request of a conversation; default none. */
  readonly thinkMs?: (session: number, turn: number) => number;
}

/** Streamed chat conversations for the simulated engine: the same for every `label`, which only begins the ids. */
export function chatSessions(label: string, count: number, shape: SessionShape): readonly LoadSession[] {
  return Array.from({ length: count }, (_, session) => {
    const key = String(session);
    const text = filler(shape.messageChars(session));
    const requests = Array.from({ length: shape.turns }, (_, turn) => {
      const id = `${label}-${session}-${turn}`;
      return {
        id,
        path: "/v1/chat/completions",
        body: chatBody(text, turn, shape.outputTokens),
        headers: { [identityHeaders.request]: id },
        thinkMs: shape.thinkMs?.(session, turn) ?? 0,
      };
    });
    return { key, headers: {}, requests };
  });
}

/** `max_tokens` and `ignore_eos` give every answer the same length. */
function chatBody(text: string, turn: number, outputTokens: number): string {
  const said = Array.from({ length: turn }, () => [
    { role: "user", content: text },
    { role: "assistant", content: "I see." },
  ]).flat();
  return JSON.stringify({
    model: "selftest",
    messages: [...said, { role: "user", content: text }],
    max_tokens: outputTokens,
    ignore_eos: true,
    stream: true,
    stream_options: { include_usage: true },
  });
}

const words = "the order of the parts is the order of the data and a number is printed with its doubt ";

function filler(chars: number): string {
  return words.repeat(Math.ceil(chars / words.length)).slice(0, chars);
}
