import type { EngineCore, Ticket } from "../engine/engine.ts";
import type { OutputPlan } from "../engine/output-plan.ts";

export interface LogprobParts {
  readonly plan: OutputPlan;
  readonly ticket: Ticket;
  readonly produced: number;
  readonly withText: boolean;
  readonly topCount: number;
  /** Tell those of the prompt, too. */
  readonly withPrompt?: boolean;
}

/** The fields of `meta_info` that logprobs are in: triples of logprob, id, and text where it was asked for. */
export function logprobInfo(engine: EngineCore, parts: LogprobParts): Record<string, unknown> {
  const { plan, ticket, produced, withText, topCount } = parts;
  const entry = (tokenId: number, logprob: number | null) => [
    logprob,
    tokenId,
    withText ? new TextDecoder().decode(engine.tokenizer.bytesOf(tokenId)) : null,
  ];
  const ids = [...plan.ids.subarray(0, produced)];
  const prompt = parts.withPrompt === true ? [...ticket.scheduled.sequence.promptIds] : [];
  return {
    // Nothing stands before the first token that could have foreseen it.
    input_token_logprobs: prompt.map((tokenId, at) =>
      entry(tokenId, at === 0 ? null : ticket.logprobs.at(at)),
    ),
    output_token_logprobs: ids.map((tokenId, at) => entry(tokenId, ticket.logprobs.at(at))),
    output_token_logprobs_length: produced,
    ...(topCount > 0
      ? {
          input_top_logprobs: [],
          output_top_logprobs: ids.map((tokenId, at) =>
            ticket.logprobs.top(at, tokenId, topCount).map((top) => entry(top.id, top.logprob)),
          ),
        }
      : {}),
  };
}
