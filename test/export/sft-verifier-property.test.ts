import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sftMessages } from "../../bench/export/sft-messages.ts";
import { LineVerifier } from "../../bench/export/sft-verifier.ts";
import type { Message } from "../../bench/gateway/rendering/normalise-messages.ts";
import { parseForTemplate } from "../../bench/gateway/rendering/python-literals.ts";
import { wholeCalls } from "../gateway/recorded-run.ts";
import { playedEpisode, type Played } from "./played-episode.ts";
import { call, models, think } from "./played-rows.ts";

const words = fc.constantFrom(
  "Done.",
  'It\'s "due" <b>',
  "é日🙂",
  "a\n\nb",
  " two  spaces ",
  "1.0",
  "<tool",
  "\n",
);
const text = fc.array(words, { minLength: 1, maxLength: 3 }).map((all) => all.join(" "));
const values = fc.oneof(
  text,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(0.5, 1e21, 1e-7),
);
const written = fc
  .tuple(
    fc.dictionary(fc.constantFrom("loan_id", "days", "2", "note"), values),
    fc.constantFrom(false, false, false, true),
  )
  // As Python writes JSON, or without white space.
  .map(([fields, tight]) => {
    const members = Object.entries(fields).map(
      ([key, value]) => `${JSON.stringify(key)}:${tight ? "" : " "}${JSON.stringify(value)}`,
    );
    return `{${members.join(tight ? "," : ", ")}}`;
  });
/** A turn, where the model may think before it speaks. */
type Turn = (thinking: (answer: string) => string) => readonly Played[];
const turn: fc.Arbitrary<Turn> = fc.oneof(
  text.map((user) => () => [{ user }]),
  text.map((answer) => (thinking: (answer: string) => string) => [{ writes: thinking(answer) }]),
  fc
    .tuple(written, text)
    .map(([json, result]) => (thinking: (answer: string) => string) => [
      { writes: thinking(call(json)) },
      { result },
    ]),
);

test("whatever is played: a kept line begins, at each trained answer, with the engine's own ids; each answer is trained once", () => {
  let kept = 0;
  fc.assert(
    fc.property(
      fc.array(turn, { minLength: 1, maxLength: 5 }),
      fc.constantFrom("qwen25-like" as const, "qwen3-like" as const),
      fc.constantFrom("L1", "L2"),
      (turns, kind, level) => {
        const model = models[kind];
        const thinking = (answer: string) => (kind === "qwen3-like" ? think("So.", answer) : answer);
        const played = turns.flatMap((one) => one(thinking));
        const events: Played[] = [{ user: "Hello." }, ...played, { writes: thinking("Bye.") }];
        const whole = playedEpisode({ model, level }, events);
        const messages = sftMessages(whole);
        const lines =
          "reason" in messages ? messages : new LineVerifier(model).verifiedLines(whole, messages);
        if ("reason" in lines || "reason" in messages) return;
        kept += 1;
        const engine = wholeCalls(whole.recorded?.calls ?? []);
        const answers = [...messages.keys()].filter((index) => messages[index]?.requestId != null);
        const trained = lines.flatMap((line) => {
          const chat = parseForTemplate(line) as { messages: Message[]; tools: Message[] };
          const rendered = model.template.renderAsGiven({
            ...chat,
            variables: {},
            addGenerationPrompt: false,
          });
          const ids = [...model.tokenizer.encode(rendered)];
          const targets = [...chat.messages.keys()].filter((index) => chat.messages[index]?.["weight"] === 1);
          for (const target of targets) {
            const had = engine[answers.indexOf(target)];
            const expected = [...(had?.prompt ?? []), ...(had?.output ?? [])];
            expect(ids.slice(0, expected.length)).toEqual(expected);
          }
          return targets;
        });
        expect(trained.toSorted((a, b) => a - b)).toEqual(answers);
      },
    ),
    { numRuns: 150 },
  );
  // Else the property has looked at nothing.
  expect(kept).toBeGreaterThan(15);
});
