import { expect, test } from "vitest";
import { sftMessages } from "../../bench/export/sft-messages.ts";
import { LineVerifier } from "../../bench/export/sft-verifier.ts";
import type { PromptModel } from "../../bench/gateway/rendering/model-folder.ts";
import { modelWith, playedEpisode, type Played, type Stage } from "./played-episode.ts";
import { asks, call, models, playedRows, says, thanks, whatItWrote } from "./played-rows.ts";
import type { TemplateKind } from "./template-folders.ts";

function verified(stage: Stage, events: readonly Played[], through: PromptModel = stage.model) {
  const whole = playedEpisode(stage, events);
  const messages = sftMessages(whole);
  if ("reason" in messages) return { ...messages, lines: [] };
  const verifier = new LineVerifier(through);
  const lines = verifier.verifiedLines(whole, messages);
  const { checked, verified: count, byTokens, byText } = verifier.verification;
  expect({ checked, count, byTokens: byTokens + byText }).toEqual({
    checked: 1,
    count: "reason" in lines ? 0 : 1,
    byTokens: "reason" in lines ? 0 : 1,
  });
  if ("reason" in lines) return { ...lines, lines: [] };
  const weights = lines.map((line) =>
    (JSON.parse(line) as { messages: { weight?: number }[] }).messages
      .flatMap(({ weight }) => (weight === undefined ? [] : [weight]))
      .join(""),
  );
  return { reason: null, detail: undefined, difference: undefined, lines: weights };
}

test.each(playedRows.map((row) => [row[0], row[1], row] as const))("%s (%s)", (_name, _kind, row) => {
  const [, kind, events, expected, stage] = row;
  const { reason, lines } = verified({ model: models[kind], ...stage }, events);
  expect(reason ?? lines).toEqual(expected);
});

test("a difference names its place, and what stood there and stands there", () => {
  const { reason, detail, difference } = verified({ model: models["qwen25-like"] }, [
    asks,
    { writes: call('{"loan_id": "L301", "days":2}') },
  ]);
  expect(reason).toBe(whatItWrote);
  expect(difference).toMatchObject({ message: 2, token: expect.any(Number) as unknown });
  expect(difference?.expected).toContain('"days":2');
  expect(difference?.actual).toContain('"days": 2');
  expect(detail).toMatch(/^message 2, token \d+: the engine had ".*", the line renders ".*"$/);
});

test.each<readonly [string, TemplateKind, TemplateKind, RegExp]>([
  [
    "another system message and form of tools",
    "qwen25-like",
    "qwen3-coder-like",
    /the beginning of the prompt/,
  ],
  ["reasoning that the model did not write", "qwen25-like", "qwen3-like", /what the model wrote/],
])("another model's template verifies nothing: %s", (...row) => {
  const [, recorded, through, reason] = row;
  const stage = { model: models[recorded], system: through === "qwen3-like" ? "Be brief." : "" };
  expect(verified(stage, [asks, says], models[through]).reason).toMatch(reason);
});

test("a template that raises leaves out with its own words", () => {
  const strict = modelWith("{{ raise_exception('roles must alternate') }}");
  const { reason, detail } = verified({ model: models["qwen25-like"] }, [asks, says], strict);
  expect(reason).toBe("not verified: the template refuses the messages");
  expect(detail).toContain("roles must alternate");
});

test("an answer whose ids were not kept leaves its conversation out: the others' say nothing of it", () => {
  const whole = playedEpisode({ model: models["qwen25-like"] }, [asks, says, thanks, says]);
  const { recorded } = whole;
  const without = { ...whole, recorded: recorded && { ...recorded, calls: recorded.calls.slice(0, 1) } };
  const messages = sftMessages(without);
  const verifier = new LineVerifier(models["qwen25-like"]);
  expect("reason" in messages ? messages : verifier.verifiedLines(without, messages)).toEqual({
    reason: "not verified: no token ids of an answer were recorded",
  });
});

test("tools are written in the form in which the engine's template saw them, numbers as they were", () => {
  const tools =
    '[{"function":{"name":"renew_loan","parameters":{"type":"object","default":2.0}},"type":"function"}]';
  const whole = playedEpisode({ model: models["qwen25-like"], tools }, [asks, says]);
  const messages = sftMessages(whole);
  const [line] =
    "reason" in messages
      ? []
      : [new LineVerifier(models["qwen25-like"]).verifiedLines(whole, messages)].flat();
  expect(line).toContain(
    '"tools":[{"type":"function","function":{"description":null,"name":"renew_loan","parameters":{"type":"object","default":2.0},"strict":false}}]',
  );
});
