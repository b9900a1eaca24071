import { numberText } from "../../report/tables/number-text.ts";
import type { RecordedCall, RecordedEpisode } from "../../workload/recorded-episode.ts";
import { html, type Html } from "../html.ts";
import { countText, manyText } from "./shown-text.ts";

/** Tokens of one call that are shown, and of all calls of a page. */
const callTokensMax = 600;
const pageTokensMax = 20_000;

/** The model calls that a recording gateway kept: prompts by their lengths, every generated token with how likely it was. */
export function tokensHtml(
  recorded: RecordedEpisode,
  textsOf: (call: RecordedCall) => readonly string[] | null,
): Html {
  const { recorder, level, calls, dropped, tokenizerSha256 } = recorded;
  let left = pageTokensMax;
  const lengths = promptLengths(calls);
  const shown = calls.map((call, index) => {
    const max = Math.min(callTokensMax, left, call.outputIds?.length ?? 0);
    left -= max;
    return callHtml(call, { index, prompt: lengths[index] ?? 0, max, texts: textsOf(call) });
  });
  const meaning = calls.some(({ outputIds }) => outputIds !== null)
    ? "The darker a token, the less likely it was; below one in ten it is underlined."
    : "Their texts only: no token ids.";
  return html`<p>
      ${manyText(calls.length, "call")}, recorded by ${recorder} at
      ${level}${tokenizerSha256 === null ? "" : `, tokenizer sha256 ${tokenizerSha256.slice(0, 12)}`}.
      ${meaning}
    </p>
    ${shown}
    ${dropped.map(({ interactionId, reason }) => html`<p>Dropped: call ${interactionId ?? "without a name"}: ${reason}.</p>`)}`;
}

/** Tokens of each call's whole prompt: what it shares with its parent, and its own tail. */
function promptLengths(calls: readonly RecordedCall[]): readonly number[] {
  return calls.map(
    ({ parent, sharedTokens, promptTail }) =>
      (parent === null ? 0 : sharedTokens) + (promptTail?.length ?? 0),
  );
}

interface CallPlace {
  readonly index: number;
  readonly prompt: number;
  readonly max: number;
  readonly texts: readonly string[] | null;
}

function callHtml(call: RecordedCall, { index, prompt, max, texts }: CallPlace): Html {
  const { outputIds, outputLogprobs, requestId, finishReason } = call;
  const facts = [
    `request ${requestId ?? "unnamed"}`,
    finishReason ?? "unfinished",
    ...(outputIds === null
      ? ["no token ids"]
      : [`prompt of ${countText(prompt)} tokens`, `${countText(outputIds.length)} generated`]),
    ...(outputLogprobs === null || outputLogprobs.length === 0
      ? []
      : [`mean logprob ${numberText(mean(outputLogprobs))}`]),
    ...weightFacts(call),
    ...(call.reward === null ? [] : [`reward ${numberText(call.reward)}`]),
  ];
  const rest = (outputIds?.length ?? 0) - max;
  return html`<details class="call">
    <summary>Call ${index}: ${facts.join(", ")}</summary>
    <p>${continuationText(call)}</p>
    ${outputIds === null ? null : html`<p class="tokens" dir="auto">${outputIds.slice(0, max).map((id, at) => tokenHtml(id, outputLogprobs?.[at] ?? null, texts?.[at] ?? null))}</p>`}
    ${rest > 0 ? html`<p class="none">${countText(rest)} more tokens: tollgate inspect RUN EPISODE --tokens.</p>` : null}
  </details>`;
}

function tokenHtml(id: number, logprob: number | null, text: string | null): Html {
  const title = `id ${id}${logprob === null ? "" : `, logprob ${logprob.toFixed(3)}, probability ${numberText(Math.exp(logprob))}`}`;
  return html`<span class="token ${classOf(logprob)}" title="${title}">${text ?? String(id)}</span>`;
}

function classOf(logprob: number | null): string {
  if (logprob === null) return "p-none";
  const probability = Math.exp(logprob);
  return probability >= 0.9
    ? "p-high"
    : probability >= 0.5
      ? "p-mid"
      : probability >= 0.1
        ? "p-low"
        : "p-least";
}

function weightFacts({ weights = [], weightVersion }: RecordedCall): readonly string[] {
  if (weights.length > 0)
    return [
      `weights ${weights.map(({ version, start, end }) => (weights.length === 1 ? version : `${version} for tokens ${start} to ${end - 1}`)).join(", ")}`,
    ];
  return weightVersion === null ? [] : [`weights ${weightVersion}`];
}

function continuationText({ parent, sharedTokens, breakCause }: RecordedCall): string {
  if (parent === null) return "Its prompt continues no other call.";
  if (breakCause === null) return `Its prompt continues call ${parent} token for token.`;
  return `Its prompt shares ${countText(sharedTokens)} tokens with call ${parent} and then differs: ${breakCause}.`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
