import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { chunk, stream } from "./answer-bodies.ts";

interface TrueCall {
  readonly id: string;
  readonly name: string;
  /** The arguments' text as it was cut. */
  readonly pieces: readonly string[];
}

interface Piece {
  readonly call: TrueCall;
  /** Which of the calls it is a piece of, and which of its pieces. */
  readonly at: number;
  readonly part: number;
  /** How many pieces came before it, of all calls. */
  readonly before: number;
}

interface Style {
  readonly name: string;
  /** The server finishes one call before it begins the next. */
  readonly inOrder: boolean;
  readonly entry: (piece: Piece) => object;
  readonly givesIds: boolean;
}

const first = ({ call, part }: Piece, value: object) => (part === 0 ? { ...value, id: call.id } : value);
const called = ({ call, part }: Piece, always = false) => ({
  function: { ...((part === 0 || always) && { name: call.name }), arguments: call.pieces[part] },
});

/** How servers tell the calls of a stream apart. */
const styles: readonly Style[] = [
  {
    name: "index always, id and name first",
    inOrder: false,
    givesIds: true,
    entry: (piece) => first(piece, { index: piece.at, ...called(piece) }),
  },
  {
    name: "index as a text, no ids",
    inOrder: false,
    givesIds: false,
    entry: (piece) => ({ index: String(piece.at), id: null, ...called(piece) }),
  },
  {
    name: "index and name always, no ids",
    inOrder: false,
    givesIds: false,
    entry: (piece) => ({ index: piece.at, ...called(piece, true) }),
  },
  {
    name: "id always, name first",
    inOrder: false,
    givesIds: true,
    entry: (piece) => ({ id: piece.call.id, ...called(piece) }),
  },
  {
    name: "id and name always",
    inOrder: false,
    givesIds: true,
    entry: (piece) => ({ id: piece.call.id, ...called(piece, true) }),
  },
  {
    name: "id and index 0 always",
    inOrder: true,
    givesIds: true,
    entry: (piece) => ({ id: piece.call.id, index: 0, ...called(piece) }),
  },
  {
    name: "id first, index 0 always",
    inOrder: true,
    givesIds: true,
    entry: (piece) => first(piece, { index: 0, ...called(piece) }),
  },
  {
    name: "id first, no index",
    inOrder: true,
    givesIds: true,
    entry: (piece) => first(piece, called(piece)),
  },
  {
    name: "id first, an index that grows with each piece",
    inOrder: true,
    givesIds: true,
    entry: (piece) => first(piece, { index: piece.before, ...called(piece) }),
  },
  {
    name: "another id in each piece but the first",
    inOrder: true,
    givesIds: true,
    entry: (piece) => ({
      index: piece.at,
      id: piece.part === 0 ? piece.call.id : `x${piece.before}`,
      ...called(piece),
    }),
  },
  { name: "names alone", inOrder: true, givesIds: false, entry: (piece) => called(piece) },
  {
    name: "flat, with an index",
    inOrder: false,
    givesIds: true,
    entry: (piece) => first(piece, { index: piece.at, ...called(piece).function }),
  },
];

const argumentsText = fc
  .dictionary(
    fc.string({ maxLength: 4 }),
    fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.constant(null)),
    { minKeys: 1, maxKeys: 3 },
  )
  .map((value) => JSON.stringify(value));
const cut = (text: string, at: readonly number[]) => {
  const ends = [0, ...at.map((end) => end % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  return ends.slice(1).map((end, index) => text.slice(ends[index], end));
};
const trueCalls = fc
  .array(fc.tuple(argumentsText, fc.array(fc.nat(), { maxLength: 5 }), fc.constantFrom("find", "renew")), {
    minLength: 1,
    maxLength: 4,
  })
  .map((all) =>
    all.map(([text, at, name], index): TrueCall => ({ id: `call_${index}`, name, pieces: cut(text, at) })),
  );

/** The pieces in an order that the style allows: each call's own in theirs. `order` says whose turn it is. */
function sent(calls: readonly TrueCall[], inOrder: boolean, order: readonly number[]): readonly Piece[] {
  const left = calls.map((call, at) => call.pieces.map((_, part) => ({ call, at, part })));
  const pieces: Piece[] = [];
  for (let turn = 0; left.some((rest) => rest.length > 0); turn += 1) {
    const open = left.filter((rest) => rest.length > 0);
    const next = open[inOrder ? 0 : (order[turn % order.length] ?? 0) % open.length]?.shift();
    if (next !== undefined) pieces.push({ ...next, before: pieces.length });
  }
  return pieces;
}

test.each(styles)("calls of a server with $name come out as they went in", ({ inOrder, entry, givesIds }) => {
  const orders = fc.array(fc.nat(), { minLength: 1, maxLength: 20 });
  const words = fc.array(fc.constantFrom("content", "reasoning", "reasoning_content"), { maxLength: 4 });
  fc.assert(
    fc.property(trueCalls, orders, words, (calls, order, spoken) => {
      const pieces = sent(calls, inOrder, order);
      const events: object[] = pieces.map((piece) => chunk({ delta: { tool_calls: [entry(piece)] } }));
      for (const [at, name] of spoken.entries())
        events.splice((order[at] ?? 0) % (events.length + 1), 0, chunk({ delta: { [name]: `${at}.` } }));
      const begun = [...new Set(pieces.map(({ call }) => call))];
      const answer = readAnswer(stream(...events));
      expect(answer.calls).toEqual(
        begun.map(({ id, name, pieces: own }) => ({
          id: givesIds ? id : "",
          name,
          argumentsText: own.join(""),
        })),
      );
      expect(answer.text.length + answer.reasoning.length).toBe(2 * spoken.length);
      expect(answer.unreadable.count).toBe(0);
    }),
    { numRuns: 150 },
  );
});

test("a piece of every call in every chunk, by their place in it", () => {
  fc.assert(
    fc.property(
      fc.array(argumentsText, { minLength: 2, maxLength: 4 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      (texts, at) => {
        const pieces = texts.map((text) => cut(text, at));
        const chunks = (pieces[0] ?? []).map((_, part) =>
          pieces.map((own, index) =>
            part === 0
              ? { id: `c${index}`, function: { name: "f", arguments: own[part] } }
              : { function: { arguments: own[part] } },
          ),
        );
        const { calls } = readAnswer(
          stream(...chunks.map((entries) => chunk({ delta: { tool_calls: entries } }))),
        );
        expect(calls).toEqual(
          texts.map((text, index) => ({ id: `c${index}`, name: "f", argumentsText: text })),
        );
      },
    ),
  );
});

test("garbage is never silent: an answer that is neither complete nor an error says what is wrong", () => {
  const garbage = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json(),
  );
  fc.assert(
    fc.property(garbage, (body) => {
      const { incomplete, unreadable, begun } = readAnswer(body);
      expect(incomplete !== null || begun).toBe(true);
      expect(unreadable.first === null).toBe(unreadable.count === 0);
    }),
    { numRuns: 500 },
  );
});

test("reading takes time in proportion to the size, whatever the lines are", () => {
  const line = JSON.stringify(
    chunk({
      delta: {
        content: "x".repeat(50),
        tool_calls: [{ id: "a", function: { name: "f", arguments: '{"a":[{},' } }],
      },
    }),
  );
  const bodies = [
    (size: number) => "\r".repeat(size),
    (size: number) => `data: ${line}\n\n`.repeat(size / line.length),
    (size: number) => `${line}\n`.repeat(size / line.length),
    (size: number) => `data: ${"x".repeat(size)}`,
    (size: number) => `data: {"choices":[{"delta":{"content":"${"\\n".repeat(size / 2)}"}}]}\n\n`,
    (size: number) => "{\n".repeat(size / 2),
  ];
  const startedMs = performance.now();
  for (const body of bodies) expect(readAnswer(body(2_000_000)).incomplete).not.toBeNull();
  // Going back over what was read at every line takes minutes.
  expect(performance.now() - startedMs).toBeLessThan(20_000);
});
