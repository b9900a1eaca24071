import { expect, test } from "vitest";
import { collectorOf, sendSpans } from "../../bench/otlp/collector.ts";
import type { SpanBatch } from "../../bench/otlp/span.ts";
import { startReceiver } from "./otlp-receiver.ts";

const batch: SpanBatch = {
  resource: { "service.name": "tollgate" },
  scope: { name: "tollgate", version: "0.1.0" },
  spans: [
    {
      traceId: "0".repeat(31) + "1",
      spanId: "0".repeat(15) + "1",
      parentSpanId: null,
      name: "chat m",
      kind: "client",
      startNs: 1n,
      endNs: 2n,
      attributes: {},
      events: [],
      error: null,
    },
  ],
};
const options = { signal: new AbortController().signal, pausesMs: [1, 1, 1] };

test.each(["http/protobuf", "http/json"] as const)(
  "a batch arrives by %s, with the headers that are set",
  async (protocol) => {
    await using receiver = await startReceiver();
    const collector = collectorOf({ endpoint: receiver.url, protocol, headers: { "x-key": "secret" } }, {});
    expect(await sendSpans(collector, batch, options)).toEqual({ rejected: 0, reason: null });
    expect(receiver.received).toMatchObject([
      { path: "/v1/traces", headers: { "x-key": "secret" }, spans: [{ name: "chat m" }] },
    ]);
  },
);

test("a busy receiver is asked again, and a restart of it is waited for", async () => {
  await using receiver = await startReceiver([
    { status: 503 },
    { status: 429, headers: { "retry-after": "0" } },
  ]);
  await sendSpans(collectorOf({ endpoint: receiver.url }, {}), batch, options);
  expect([receiver.requests(), receiver.received.length]).toEqual([3, 1]);
});

test.each([
  [{ status: 400, body: "bad span" }, 1, /status 400: bad span/],
  [{ status: 401 }, 1, /after 1 try: status 401\. Set its key as a header/],
  [{ status: 404 }, 1, /base address/],
  [{ status: 415 }, 1, /set protocol to http\/json/],
  [{ status: 503 }, 4, /after 4 tries: status 503/],
] as const)("an answer of %o", async (reply, requests, message) => {
  await using receiver = await startReceiver(Array.from({ length: 9 }, () => reply));
  await expect(sendSpans(collectorOf({ endpoint: receiver.url }, {}), batch, options)).rejects.toThrow(
    message,
  );
  expect(receiver.requests()).toBe(requests);
});

test("nobody listens: said with what to check", async () => {
  const collector = collectorOf({ endpoint: "http://127.0.0.1:9" }, {});
  await expect(sendSpans(collector, batch, options)).rejects.toThrow(
    /after 4 tries: connect ECONNREFUSED.*4317 is gRPC/,
  );
});

test("what the receiver refused of a batch is counted, in both forms", async () => {
  const json = {
    status: 200,
    body: JSON.stringify({ partialSuccess: { rejectedSpans: "3", errorMessage: "too old" } }),
  };
  // partial_success { rejected_spans: 300 }
  const protobuf = { status: 200, body: Buffer.from("0a0308ac02", "hex") };
  await using receiver = await startReceiver([json, protobuf, { status: 200, body: "ok" }]);
  const to = (protocol: "http/json" | "http/protobuf") =>
    collectorOf({ endpoint: receiver.url, protocol }, {});
  expect(await sendSpans(to("http/json"), batch, options)).toEqual({ rejected: 3, reason: "too old" });
  expect(await sendSpans(to("http/protobuf"), batch, options)).toMatchObject({ rejected: 300 });
  expect(await sendSpans(to("http/json"), batch, options)).toMatchObject({ rejected: 0 });
});

test.each([
  [{}, {}, "http://127.0.0.1:4318/v1/traces"],
  [{ endpoint: "http://h:1/" }, {}, "http://h:1/v1/traces"],
  [{ endpoint: "https://h/otlp/v1/traces" }, {}, "https://h/otlp/v1/traces"],
  [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://e:1" }, "http://e:1/v1/traces"],
  [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://e:1", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t:2/x" },
    "http://t:2/x",
  ],
  [
    { endpoint: "http://h:1" },
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t:2/x" },
    "http://h:1/v1/traces",
  ],
] as const)("settings %o and variables %o", (settings, environment, url) => {
  expect(collectorOf(settings, environment).url).toBe(url);
});

test("headers and protocol of OpenTelemetry's own variables; what is set in the file goes before", () => {
  const environment = {
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20k, x-a=1",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  };
  expect(collectorOf({ headers: { "x-a": "2" } }, environment)).toMatchObject({
    headers: { authorization: "Bearer k", "x-a": "2" },
    protocol: "http/json",
  });
  expect(() => collectorOf({}, { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" })).toThrow(
    /is grpc\. Tollgate speaks http\/protobuf and http\/json/,
  );
  expect(() => collectorOf({ endpoint: "localhost:4318" }, {})).toThrow(
    /no address of an OTLP\/HTTP receiver/,
  );
});
