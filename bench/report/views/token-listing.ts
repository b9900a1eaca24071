import type { RecordedCall, RecordedEpisode } from "../../workload/recorded-episode.ts";

const idsPerLine = 8;

/**
 * The recorded model calls of an episode for a terminal: prompt lengths and how each prompt continues the last one, then
 * every generated token as `id:logprob`. Prompt tokens have mask 0 and are counted, generated ones have mask 1 and are shown.
 */
export function renderTokens(recorded: RecordedEpisode | null): string {
  if (recorded === null)
    return "no recorded calls: the arm has no recording gateway (arms[].kind: gateway with a level)";
  const head = `recorded by ${recorded.recorder} at ${recorded.level}${levelText(recorded)}, ${recorded.calls.length} calls`;
  const lengths: number[] = [];
  const calls = recorded.calls.flatMap((call, index) => {
    const before = call.parent === null ? null : (lengths[call.parent] ?? 0);
    const prompt = (call.parent === null ? 0 : call.sharedTokens) + (call.promptTail?.length ?? 0);
    lengths.push(prompt + (call.outputIds?.length ?? 0));
    return ["", ...callLines(call, { index, prompt, before })];
  });
  const dropped = recorded.dropped.map(
    ({ interactionId, reason }) => `dropped: call ${interactionId ?? "without a name"}: ${reason}`,
  );
  return [head, ...calls, ...(dropped.length > 0 ? ["", ...dropped] : [])].join("\n");
}

function levelText({ level, tokenizerSha256, toolForm }: RecordedEpisode): string {
  if (level === "L0") return " (text only: no token ids)";
  const form = toolForm === undefined ? "" : `, tools as ${toolForm}`;
  return tokenizerSha256 === null ? "" : `, tokenizer sha256 ${tokenizerSha256.slice(0, 12)}${form}`;
}

interface CallPlace {
  readonly index: number;
  /** Tokens of the whole prompt. */
  readonly prompt: number;
  /** Tokens of the parent's prompt and output; null without a parent. */
  readonly before: number | null;
}

function weightsOf({ weights = [], weightVersion }: RecordedCall): readonly string[] {
  const names = weights.map(({ version, start, end }) =>
    weights.length === 1 ? version : `${version} for tokens ${start} to ${end - 1}`,
  );
  if (names.length > 0) return [`weights ${names.join(", ")}`];
  return weightVersion === null ? [] : [`weights ${weightVersion}`];
}

function callLines(call: RecordedCall, { index, prompt, before }: CallPlace): string[] {
  const facts = [
    `request ${call.requestId ?? "unnamed"}`,
    call.finishReason ?? "unfinished",
    ...weightsOf(call),
    ...(call.reward === null ? [] : [`reward ${call.reward}`]),
  ];
  const title = `[call ${index}] ${call.interactionId}: ${facts.join(", ")}`;
  const { outputIds, outputLogprobs } = call;
  if (outputIds === null) return [title];
  const tokens = outputIds.map((id, at) => `${id}:${outputLogprobs?.[at]?.toFixed(3) ?? "-"}`);
  return [
    title,
    `  mask 0: prompt of ${prompt} tokens${continuation(call, before)}`,
    `  mask 1: ${outputIds.length} generated tokens, id:logprob`,
    ...Array.from(
      { length: Math.ceil(tokens.length / idsPerLine) },
      (_, line) => `    ${tokens.slice(line * idsPerLine, (line + 1) * idsPerLine).join("  ")}`,
    ),
  ];
}

function continuation({ parent, sharedTokens, breakCause }: RecordedCall, before: number | null): string {
  if (parent === null || before === null) return "";
  if (sharedTokens === before) return `, continues call ${parent} token for token`;
  return `, shares ${sharedTokens} of ${before} tokens with call ${parent}: ${breakCause ?? "cause not recorded"}`;
}
