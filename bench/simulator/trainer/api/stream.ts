import type { TrainerCore } from "../core/trainer-core.ts";
import type { Generated } from "./generation.ts";
import type { TrainerExchange } from "./http.ts";

/** How one of the two endpoints writes its events. */
export interface AnswerForm {
  readonly id: string;
  readonly object: string;
  /** Fields of the first delta. */
  readonly first: Readonly<Record<string, unknown>>;
  readonly piece: (text: string) => Readonly<Record<string, unknown>>;
  readonly end: Readonly<Record<string, unknown>>;
}

/** An answer that has its turn. */
export interface AnswerTurn {
  readonly core: TrainerCore;
  readonly exchange: TrainerExchange;
  readonly generated: Generated;
  readonly receivedNs: number;
  readonly turnNs: number;
}

/** Lets the time of an answer in one piece pass. */
export async function take(turn: AnswerTurn): Promise<void> {
  const { core, generated } = turn;
  const { ttft_ms, token_ms } = core.law.serving;
  await core.turns.pass(ttft_ms);
  const firstNs = core.io.clockNs();
  await core.turns.pass(token_ms * Math.max(0, generated.tokens.length - 1));
  count(turn, firstNs);
}

/** Sends an answer word by word, over the time that its tokens take. */
export async function stream(
  turn: AnswerTurn,
  sent: {
    readonly form: AnswerForm;
    readonly head: object;
    readonly finishReason: string;
    readonly usage: object | null;
  },
): Promise<void> {
  const { core, generated } = turn;
  const { response } = turn.exchange;
  const { form, head, finishReason, usage } = sent;
  const event = (fields: object) => {
    response.write(`data: ${JSON.stringify({ ...head, object: form.object, ...fields })}\n\n`);
  };
  const { ttft_ms, token_ms } = core.law.serving;
  await core.turns.pass(ttft_ms + generated.hiddenTokens * token_ms);
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const firstNs = core.io.clockNs();
  const words = generated.visible.match(/\s*\S+\s*?(?=\s|$)/gu) ?? [""];
  const pieces = [...words.slice(0, -1), generated.visible.slice(words.slice(0, -1).join("").length)];
  const perPieceMs = (token_ms * (generated.tokens.length - generated.hiddenTokens)) / pieces.length;
  for (const [at, text] of pieces.entries()) {
    if (at > 0) await core.turns.pass(perPieceMs);
    // Whoever left gets nothing more, and nobody waits for what is left of the answer.
    if (response.destroyed) return;
    const piece = form.piece(text);
    const choice =
      at === 0 && "delta" in piece ? { delta: { ...form.first, ...Object(piece["delta"]) } } : piece;
    event({ choices: [{ index: 0, ...choice, finish_reason: null }] });
  }
  event({ choices: [{ index: 0, ...form.end, finish_reason: finishReason }] });
  if (usage !== null) event({ choices: [], usage });
  count(turn, firstNs);
  response.end("data: [DONE]\n\n");
}

function count({ core, generated, receivedNs, turnNs }: AnswerTurn, firstNs: number): void {
  const since = (ns: number) => (ns - receivedNs) / 1e9;
  core.metrics.served({
    promptTokens: generated.promptTokens,
    tokens: generated.tokens.length,
    turnS: since(turnNs),
    firstTokenS: since(firstNs),
    endS: since(core.io.clockNs()),
  });
}
