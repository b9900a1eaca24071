import {
  errorStatus,
  spanKinds,
  type AttributeValue,
  type Attributes,
  type TraceSpan,
  type SpanBatch,
} from "./span.ts";

/** `ExportTraceServiceRequest` in the JSON form of OTLP 1: ids are hex, 64-bit integers are texts, enums are numbers. */
export function otlpJson({ resource, scope, spans }: SpanBatch): string {
  return JSON.stringify({
    resourceSpans: [
      { resource: { attributes: keyValues(resource) }, scopeSpans: [{ scope, spans: spans.map(spanJson) }] },
    ],
  });
}

function spanJson({ parentSpanId, kind, startNs, endNs, attributes, events, error, ...span }: TraceSpan) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(parentSpanId === null ? {} : { parentSpanId }),
    name: span.name,
    kind: spanKinds[kind],
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(endNs),
    attributes: keyValues(attributes),
    events: events.map(({ name, atNs }) => ({ timeUnixNano: String(atNs), name })),
    status: error === null ? {} : { code: errorStatus, message: error },
  };
}

function keyValues(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): Readonly<Record<string, unknown>> {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "bigint") return { intValue: String(value) };
  if (typeof value === "number") return { doubleValue: value };
  return { arrayValue: { values: value.map((text) => ({ stringValue: text })) } };
}
