import {
  errorStatus,
  spanKinds,
  type AttributeValue,
  type Attributes,
  type TraceSpan,
  type SpanBatch,
} from "./span.ts";

/**
 * `ExportTraceServiceRequest` in protobuf: of its messages, the fields that a span of ours has, by the numbers of
 * opentelemetry/proto/trace/v1 and common/v1. Many receivers of OTLP/HTTP take nothing else.
 */
export function otlpProtobuf({ resource, scope, spans }: SpanBatch): Buffer {
  const scopeSpans = message([
    bytesField(1, message([textField(1, scope.name), textField(2, scope.version)])),
    ...spans.map((span) => bytesField(2, spanMessage(span))),
  ]);
  const resourceSpans = message([bytesField(1, message(keyValues(1, resource))), bytesField(2, scopeSpans)]);
  return bytesField(1, resourceSpans);
}

function spanMessage(span: TraceSpan): Buffer {
  return message([
    bytesField(1, Buffer.from(span.traceId, "hex")),
    bytesField(2, Buffer.from(span.spanId, "hex")),
    ...(span.parentSpanId === null ? [] : [bytesField(4, Buffer.from(span.parentSpanId, "hex"))]),
    textField(5, span.name),
    varintField(6, BigInt(spanKinds[span.kind])),
    fixed64Field(7, span.startNs),
    fixed64Field(8, span.endNs),
    ...keyValues(9, span.attributes),
    ...span.events.map(({ name, atNs }) =>
      bytesField(11, message([fixed64Field(1, atNs), textField(2, name)])),
    ),
    ...(span.error === null
      ? []
      : [bytesField(15, message([textField(2, span.error), varintField(3, BigInt(errorStatus))]))]),
  ]);
}

function keyValues(field: number, attributes: Attributes): readonly Buffer[] {
  return Object.entries(attributes).map(([key, value]) =>
    bytesField(field, message([textField(1, key), bytesField(2, anyValue(value))])),
  );
}

function anyValue(value: AttributeValue): Buffer {
  if (typeof value === "string") return textField(1, value);
  if (typeof value === "boolean") return varintField(2, value ? 1n : 0n);
  if (typeof value === "bigint") return varintField(3, value);
  if (typeof value === "number") return doubleField(4, value);
  return bytesField(5, message(value.map((text) => bytesField(1, textField(1, text)))));
}

/** Wire types of the protobuf encoding. */
const [varint, fixed64, lengthDelimited] = [0, 1, 2];

function message(fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

function tag(field: number, wireType: number): Buffer {
  return varintBytes(BigInt((field << 3) | wireType));
}

function varintField(field: number, value: bigint): Buffer {
  return Buffer.concat([tag(field, varint), varintBytes(value)]);
}

function bytesField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([tag(field, lengthDelimited), varintBytes(BigInt(bytes.length)), bytes]);
}

function textField(field: number, text: string): Buffer {
  return bytesField(field, Buffer.from(text, "utf8"));
}

function fixed64Field(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([tag(field, fixed64), bytes]);
}

function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, fixed64), bytes]);
}

/** Seven bits a byte, the lowest first; a negative number is its 64-bit two's complement. */
function varintBytes(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
