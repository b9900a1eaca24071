import * as fc from "fast-check";
import { expect, test } from "vitest";
import { otlpJson } from "../../bench/otlp/otlp-json.ts";
import { otlpProtobuf } from "../../bench/otlp/otlp-protobuf.ts";
import type { TraceSpan } from "../../bench/otlp/span.ts";
import { readTraceRequest } from "./protobuf-reader.ts";

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((id) => Buffer.from(id).toString("hex"));
const words = fc.string({ unit: "grapheme" });
const nanoseconds = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const value = fc.oneof(
  words,
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
  fc.array(words),
);
const attributes = fc.dictionary(words, value, { noNullPrototype: true });
const span: fc.Arbitrary<TraceSpan> = fc.record({
  traceId: hex(16),
  spanId: hex(8),
  parentSpanId: fc.option(hex(8)),
  name: words,
  kind: fc.constantFrom("internal", "client"),
  startNs: nanoseconds,
  endNs: nanoseconds,
  attributes,
  events: fc.array(fc.record({ name: words, atNs: nanoseconds })),
  error: fc.option(words),
});
const batch = fc.record({
  resource: attributes,
  scope: fc.record({ name: words, version: words }),
  spans: fc.array(span, { maxLength: 4 }),
});

test("both forms of a batch say the same", () => {
  fc.assert(
    fc.property(batch, (spans) => {
      expect(readTraceRequest(otlpProtobuf(spans))).toEqual(JSON.parse(otlpJson(spans)));
    }),
  );
});

test("the bytes of a small message are those that the protocol's definition gives", () => {
  const scope = { name: "t", version: "1" };
  const one = {
    traceId: "000102030405060708090a0b0c0d0e0f",
    spanId: "1011121314151617",
    parentSpanId: null,
    name: "n",
    kind: "client",
    startNs: 1n,
    endNs: 258n,
    attributes: { a: 300n },
    events: [],
    error: null,
  } as const;
  expect(otlpProtobuf({ resource: {}, scope, spans: [one] }).toString("hex")).toBe(
    [
      "0a4b", // resource_spans
      "0a00", // resource
      "1247", // scope_spans
      "0a06",
      "0a0174",
      "120131", // scope: name, version
      "123d", // span
      "0a10000102030405060708090a0b0c0d0e0f", // trace id
      "12081011121314151617", // span id
      "2a016e", // name
      "3003", // kind
      "390100000000000000", // start
      "410201000000000000", // end
      "4a08",
      "0a0161",
      "1203",
      "18ac02", // attribute a = 300
    ].join(""),
  );
});
