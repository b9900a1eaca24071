import { createHash } from "node:crypto";

/** A value as OTLP knows it: bigint is its int, number its double. */
export type AttributeValue = string | boolean | bigint | number | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A span of OpenTelemetry. Times are nanoseconds since 1970 in UTC. */
export interface TraceSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: keyof typeof spanKinds;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** What went wrong; null where nothing did. */
  readonly error: string | null;
}

export interface SpanEvent {
  readonly name: string;
  readonly atNs: bigint;
}

/** Spans of one resource; what is sent in one request. */
export interface SpanBatch {
  readonly resource: Attributes;
  readonly scope: { readonly name: string; readonly version: string };
  readonly spans: readonly TraceSpan[];
}

/** Numbers that the protocol gives to kinds and states. */
export const spanKinds = { internal: 1, client: 3 } as const;
export const errorStatus = 2;

/** The ids of a thing are made of what it is, so that sending it again makes no second one. */
export function traceIdOf(...parts: readonly string[]): string {
  return digest(parts).slice(0, 32);
}

export function spanIdOf(...parts: readonly string[]): string {
  return digest(parts).slice(0, 16);
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** What is known; what is absent has no attribute. Whole numbers of `counts` are ints. */
export function attributesOf(
  values: Readonly<Record<string, AttributeValue | null | undefined>>,
  counts: Readonly<Record<string, number | null | undefined>> = {},
): Attributes {
  const known: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(values))
    if (value !== null && value !== undefined) known[name] = value;
  for (const [name, value] of Object.entries(counts))
    if (value !== null && value !== undefined) known[name] = BigInt(Math.round(value));
  return known;
}
