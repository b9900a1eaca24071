import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFrame, FrameDecoder, type Frame } from "../../bench/tools/framing.ts";

const value = (value: unknown): Frame => ({ kind: "value", value });

/** Feeds `bytes` in pieces that end at `cuts`, and says what came out, end of stream included. */
function decode(bytes: Uint8Array, cuts: readonly number[], maxFrameBytes?: number): Frame[] {
  const decoder = new FrameDecoder(maxFrameBytes);
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const frames: Frame[] = [];
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    frames.push(...decoder.push(Buffer.from(bytes.subarray(from, end))));
    from = end;
  }
  return [...frames, ...decoder.end()];
}

test("what was encoded comes out again, under any chunking", () => {
  const frames = fc.array(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), { maxLength: 5 });
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (values, cuts) => {
      const plain = values.map((value) => JSON.parse(JSON.stringify(value)) as object);
      const bytes = Buffer.concat(plain.map(encodeFrame));
      expect(decode(bytes, cuts)).toEqual(plain.map(value));
    }),
    { numRuns: 500 },
  );
});

test("arbitrary bytes never break the frames that follow", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(), { maxLength: 10 }), (garbage, cuts) => {
      const bytes = Buffer.concat([garbage, Buffer.from('\n{"n":1}\n')]);
      expect(decode(bytes, cuts).at(-1)).toEqual(value({ n: 1 }));
    }),
    { numRuns: 500 },
  );
});

test("memory stays bounded: no frame is longer than the limit, under any chunking", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 40 })), fc.array(fc.nat(), { maxLength: 10 }), (lengths, cuts) => {
      const lines = lengths.map((length) => JSON.stringify("x".repeat(length)));
      const expected = lines.map((line) =>
        line.length > 16 ? { kind: "oversize", limitBytes: 16 } : value(JSON.parse(line)),
      );
      expect(decode(Buffer.from(lines.map((line) => `${line}\n`).join("")), cuts, 16)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test("two requests in one segment are both seen", () => {
  expect(decode(Buffer.from('{"n":1}\n{"n":2}\n'), [])).toEqual([value({ n: 1 }), value({ n: 2 })]);
});

test("the last line needs no newline", () => {
  expect(decode(Buffer.from('{"n":1}'), [])).toEqual([value({ n: 1 })]);
});

test("blank lines are ignored, carriage returns too", () => {
  expect(decode(Buffer.from('\n \t\r\n{"n":1}\r\n\n'), [])).toEqual([value({ n: 1 })]);
});

test("invalid UTF-8 and broken JSON cost their own line only", () => {
  const bytes = Buffer.concat([Buffer.from([0x22, 0xff, 0x22, 0x0a]), Buffer.from('{"n":\n{"n":1}\n')]);
  expect(decode(bytes, [])).toEqual([
    { kind: "malformed", reason: "the line is not valid UTF-8" },
    {
      kind: "malformed",
      reason: expect.stringContaining("the line is not JSON: Unexpected end of JSON input"),
    },
    value({ n: 1 }),
  ]);
});

test("an oversize line is reported at once and skipped to its end", () => {
  const decoder = new FrameDecoder(8);
  expect(decoder.push(Buffer.from("123456789"))).toEqual([{ kind: "oversize", limitBytes: 8 }]);
  expect(decoder.push(Buffer.from("0".repeat(100)))).toEqual([]);
  expect(decoder.push(Buffer.from("\n12345678\n"))).toEqual([value(12_345_678)]);
});
