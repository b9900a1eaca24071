import * as fc from "fast-check";
import { expect, test } from "vitest";
import { tokenCounts } from "../../bench/export/token-counts.ts";
import { tokenSequences, type TokenSequence } from "../../bench/tokens/token-sequences.ts";
import type { RecordedCall } from "../../bench/workload/recorded-episode.ts";
import { broken, buildCall, buildRecorded, continued, type Recorded } from "../export/recorded-builder.ts";

const episode = (recorded: Recorded) => ({ ...recorded, episodeId: "0".repeat(16), attemptKey: "a0" });
const plain = (sequences: readonly TokenSequence[] | null) =>
  sequences?.map(({ call, ids, turns, logprobs, versions }) => ({
    call,
    ids: [...ids],
    turns: [...turns],
    logprobs: [...logprobs],
    versions: [...versions],
  }));

test("a continued conversation is one sequence in which every output is trainable", () => {
  expect(plain(tokenSequences(episode(continued).calls, "concat"))).toEqual([
    {
      call: 1,
      ids: [1, 2, 3, 10, 11, 4, 12, 13, 14],
      turns: [-1, -1, -1, 0, 0, -1, 1, 1, 1],
      logprobs: [0, 0, 0, -0.5, -0.25, 0, -1, -2, -3],
      versions: [-1, -1, -1, 4, 4, -1, 5, 5, 5],
    },
  ]);
});

test("individual sequences train on their own output only", () => {
  expect(plain(tokenSequences(episode(continued).calls, "individual"))).toEqual([
    {
      call: 0,
      ids: [1, 2, 3, 10, 11],
      turns: [-1, -1, -1, 0, 0],
      logprobs: [0, 0, 0, -0.5, -0.25],
      versions: [-1, -1, -1, 4, 4],
    },
    {
      call: 1,
      ids: [1, 2, 3, 10, 11, 4, 12, 13, 14],
      turns: [-1, -1, -1, -1, -1, -1, 1, 1, 1],
      logprobs: [0, 0, 0, 0, 0, 0, -1, -2, -3],
      versions: [-1, -1, -1, -1, -1, -1, 5, 5, 5],
    },
  ]);
});

test("a prompt that breaks off begins a sequence of its own and trains nothing twice", () => {
  expect(
    plain(tokenSequences(episode(broken).calls, "concat"))?.map(({ ids, turns }) => [ids, turns]),
  ).toEqual([
    [
      [1, 2, 3, 10, 11],
      [-1, -1, -1, 0, 0],
    ],
    [
      [1, 2, 3, 10, 9, 4, 12],
      [-1, -1, -1, -1, -1, -1, 1],
    ],
  ]);
});

test("text alone gives no sequence", () => {
  const textOnly = buildRecorded([buildCall({ promptTail: null, outputIds: null, outputLogprobs: null })], {
    level: "L0",
  });
  expect(tokenSequences(episode(textOnly).calls, "concat")).toBeNull();
  expect(tokenCounts(episode(textOnly))).toBeNull();
});

/** Conversations that go on, branch off and break, at random. */
const randomCalls = fc
  .array(
    fc.record({
      parent: fc.option(fc.nat(5)),
      kept: fc.double({ min: 0, max: 1, noNaN: true }),
      whole: fc.boolean(),
      tail: fc.array(fc.nat(99), { minLength: 1, maxLength: 6 }),
      output: fc.array(fc.nat(99), { maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((shapes) => {
    const calls: RecordedCall[] = [];
    const lengths: number[] = [];
    for (const [index, shape] of shapes.entries()) {
      const parent = shape.parent !== null && shape.parent < index ? shape.parent : null;
      const before = parent === null ? 0 : (lengths[parent] ?? 0);
      const shared = shape.whole ? before : Math.floor(before * shape.kept);
      calls.push(
        buildCall({
          parent,
          sharedTokens: shared,
          promptTail: shape.tail,
          outputIds: shape.output,
          outputLogprobs: shape.output.map((id) => -id),
          breakCause: parent !== null && shared < before ? "cut" : null,
        }),
      );
      lengths.push(shared + shape.tail.length + shape.output.length);
    }
    return calls;
  });

test("whatever the conversation: every call's output is in a sequence, and the counts agree with the arrays", () => {
  fc.assert(
    fc.property(randomCalls, (calls) => {
      const recorded = episode(buildRecorded(calls));
      const sequences = tokenSequences(recorded.calls, "concat") ?? [];
      const individual = tokenSequences(recorded.calls, "individual") ?? [];
      expect(individual).toHaveLength(calls.length);
      for (const [index, call] of calls.entries()) {
        const holder = sequences.find(({ turns }) => turns.includes(index));
        const output = holder?.ids.filter((_, at) => holder.turns[at] === index) ?? [];
        expect([...output]).toEqual(call.outputIds);
      }
      expect(tokenCounts(recorded)).toMatchObject({
        calls: calls.length,
        sequences: sequences.length,
        processed: sequences.reduce((sum, { ids }) => sum + ids.length, 0),
        generated: calls.reduce((sum, { outputIds }) => sum + (outputIds?.length ?? 0), 0),
      });
    }),
    { seed: 7 },
  );
});

/** The prompt as the contract of `tokens.jsonl` describes it. */
function promptOf(calls: readonly RecordedCall[], index: number): number[] {
  const call = calls[index];
  if (call === undefined) return [];
  const { parent, sharedTokens, promptTail } = call;
  const before = parent === null ? [] : [...promptOf(calls, parent), ...(calls[parent]?.outputIds ?? [])];
  return [...before.slice(0, sharedTokens), ...(promptTail ?? [])];
}

test("whatever the conversation: an individual sequence is the call's prompt and output, and trains that output", () => {
  fc.assert(
    fc.property(randomCalls, (calls) => {
      const sequences = tokenSequences(calls, "individual") ?? [];
      for (const [index, { outputIds }] of calls.entries()) {
        const [prompt, output] = [promptOf(calls, index), outputIds ?? []];
        expect([...(sequences[index]?.ids ?? [])]).toEqual([...prompt, ...output]);
        expect([...(sequences[index]?.turns ?? [])]).toEqual([
          ...prompt.map(() => -1),
          ...output.map(() => index),
        ]);
      }
    }),
  );
});

test("whatever the conversation: a token is trained with its own logprob and version, and a prompt never is", () => {
  fc.assert(
    fc.property(randomCalls, fc.constantFrom("concat" as const, "individual" as const), (calls, style) => {
      const versioned = calls.map((call, index) => ({ ...call, weightVersion: index }));
      for (const { ids, turns, logprobs, versions } of tokenSequences(versioned, style) ?? [])
        for (const [at, turn] of turns.entries()) {
          expect(versions[at]).toBe(turn);
          // The logprob of a random output is minus its id: one that slipped by a token would show.
          expect(logprobs[at]).toBeCloseTo(turn < 0 ? 0 : -(ids[at] ?? 0));
        }
    }),
  );
});

test("without branches no output is trained twice: the trainable tokens are the generated ones", () => {
  fc.assert(
    fc.property(randomCalls, (calls) => {
      const parents = calls.flatMap(({ parent }) => (parent === null ? [] : [parent]));
      fc.pre(new Set(parents).size === parents.length);
      const trained = (tokenSequences(calls, "concat") ?? []).flatMap(({ turns }) =>
        [...turns].filter((turn) => turn >= 0),
      );
      expect(trained).toHaveLength(tokenCounts(episode(buildRecorded(calls)))?.generated ?? -1);
    }),
  );
});
