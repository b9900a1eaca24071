import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AnswerError, AnswerParser } from "../../bench/load/answer-parser.ts";

/** What a parser says about bytes that come in pieces, then about the end of the connection. */
function parse(pieces: readonly Buffer[]) {
  const seen = { heads: [] as [number, string][], body: "", ends: [] as boolean[], closed: false };
  const parser = new AnswerParser({
    head: (status, contentType) => seen.heads.push([status, contentType]),
    chunk: (chunk) => (seen.body += chunk.toString("latin1")),
    end: (reusable) => seen.ends.push(reusable),
  });
  parser.begin({
    head: (status, contentType) => seen.heads.push([status, contentType]),
    chunk: (chunk) => (seen.body += chunk.toString("latin1")),
    end: (reusable) => seen.ends.push(reusable),
  });
  for (const piece of pieces) parser.read(piece);
  seen.closed = parser.close();
  return seen;
}

const answers = [
  {
    what: "by length, behind an informational head",
    text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\r\n\r\n} ",
    seen: { heads: [[200, "application/json"]], body: "{\r\n\r\n} ", ends: [true], closed: false },
  },
  {
    what: "in chunks, with extensions and a trailer",
    text: 'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\ncontent-type: text/event-stream\r\n\r\n5;x="y"\r\nab\r\nc\r\n0A\r\n0123456789\r\n0\r\nx-sum: 1\r\n\r\n',
    seen: { heads: [[200, "text/event-stream"]], body: "ab\r\nc0123456789", ends: [true], closed: false },
  },
  {
    what: "until the connection ends",
    text: "HTTP/1.1 200 OK\r\n\r\nall of it",
    seen: { heads: [[200, ""]], body: "all of it", ends: [false], closed: true },
  },
  {
    what: "without a body",
    text: "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n",
    seen: { heads: [[204, ""]], body: "", ends: [false], closed: false },
  },
  {
    what: "of an old server",
    text: "HTTP/1.0 503\r\ncontent-length: 4\r\n\r\nbusy",
    seen: { heads: [[503, ""]], body: "busy", ends: [false], closed: false },
  },
] as const;

test.each(answers)("an answer $what, however it is cut", ({ text, seen }) => {
  const bytes = Buffer.from(text, "latin1");
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
      const ends = [...cuts.toSorted((a, b) => a - b), bytes.length];
      const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
      expect(parse(pieces)).toEqual(seen);
    }),
  );
  expect(parse(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(seen);
});

test.each([
  ["SSH-2.0-OpenSSH\r\n\r\n", "begins with"],
  ["HTTP/1.1 200 OK\r\ncontent-length: some\r\n\r\n", "content-length"],
  ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", "no size"],
  ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc", "longer than its size"],
  ["HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab", "belong to no answer"],
  [`HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}`, "too long"],
])("%j is refused", (text, why) => {
  expect(() => parse([Buffer.from(text, "latin1")])).toThrow(AnswerError);
  expect(() => parse([Buffer.from(text, "latin1")])).toThrow(why);
});

test("an answer that is cut says nothing of an end", () => {
  for (const text of ["HTTP/1.1 200 OK\r\ncontent-le", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"])
    expect(parse([Buffer.from(text)])).toMatchObject({ ends: [], closed: false });
});
