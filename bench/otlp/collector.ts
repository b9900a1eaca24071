import { request } from "undici";
import { setTimeout as pause } from "node:timers/promises";
import { ConfigError, messageOf, TollgateError } from "../errors.ts";
import { boundedBody, descriptionBytesMax } from "../host/bounded-body.ts";
import { otlpJson } from "./otlp-json.ts";
import { otlpProtobuf } from "./otlp-protobuf.ts";
import type { SpanBatch } from "./span.ts";
import { Deadline } from "../measure/deadline.ts";

export const otlpProtocols = ["http/protobuf", "http/json"] as const;
export type OtlpProtocol = (typeof otlpProtocols)[number];

/** Where spans go. */
export interface Collector {
  /** Of traces, whole: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly protocol: OtlpProtocol;
}

/** Spans did not arrive. Exit code 1: the run itself is whole. */
export class CollectorError extends TollgateError {
  readonly code = "TOLLGATE_COLLECTOR";
}

interface CollectorSettings {
  readonly endpoint?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly protocol?: OtlpProtocol | undefined;
}

const standardEndpoint = "http://127.0.0.1:4318";

/**
 * What is set, else what OpenTelemetry's own variables say (OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS, _PROTOCOL, and those with
 * TRACES in their names), else a collector on this machine. Throws ConfigError.
 */
export function collectorOf(
  settings: CollectorSettings,
  environment: Readonly<Record<string, string | undefined>>,
): Collector {
  const variable = (name: string) =>
    environment[`OTEL_EXPORTER_OTLP_TRACES_${name}`] ||
    environment[`OTEL_EXPORTER_OTLP_${name}`] ||
    undefined;
  const whole =
    settings.endpoint === undefined ? environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] : undefined;
  const endpoint = settings.endpoint ?? environment["OTEL_EXPORTER_OTLP_ENDPOINT"];
  return {
    url: checkedUrl(whole || tracesUrl(endpoint || standardEndpoint)),
    headers: { ...headersIn(variable("HEADERS") ?? ""), ...settings.headers },
    protocol: settings.protocol ?? protocolIn(variable("PROTOCOL")),
  };
}

/** A base address gets the path of traces, as OpenTelemetry's clients add it; one that has it already stays. */
function tracesUrl(endpoint: string): string {
  const bare = endpoint.replace(/\/+$/, "");
  return bare.endsWith("/v1/traces") ? bare : `${bare}/v1/traces`;
}

function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new ConfigError(
    `${url} is no address of an OTLP/HTTP receiver. Write http://HOST:PORT, for a collector on this machine ${standardEndpoint}.`,
  );
}

/** gRPC is what many set for other programs; the same collector listens for HTTP at another port, so it is said. */
function protocolIn(text: string | undefined): OtlpProtocol {
  const known = otlpProtocols.find((protocol) => protocol === text);
  if (known !== undefined || text === undefined) return known ?? "http/protobuf";
  throw new ConfigError(
    `OTEL_EXPORTER_OTLP_PROTOCOL is ${text}. Tollgate speaks ${otlpProtocols.join(" and ")}; set one of them, and the endpoint's port for HTTP, usually 4318.`,
  );
}

/** `key=value,key=value`, percent-encoded, as the variable has them. */
function headersIn(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(",")
      .map((pair) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair))
      .filter((match) => match !== null)
      .map(([, name = "", value = ""]) => [name, decoded(value)]),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    // A value that is not encoded is meant as it stands.
    if (error instanceof URIError) return value;
    throw error;
  }
}

/** What the protocol calls worth another try. */
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export interface SendOptions {
  readonly signal: AbortSignal;
  /** Pauses between tries, in milliseconds. */
  readonly pausesMs?: readonly number[];
  /** How long an answer may take. */
  readonly answerMs?: number;
}

const standardPausesMs: readonly number[] = [500, 1_500, 4_000];
const standardAnswerMs = 5_000;
/** A server that says when it will be back is believed up to here. */
const retryAfterMaxMs = 30_000;

/** Spans that the collector took the request of and refused, with its reason. */
export interface Sent {
  readonly rejected: number;
  readonly reason: string | null;
}

/** Sends a batch; what may be a passing trouble is tried again. Throws CollectorError with what the collector said last. */
export async function sendSpans(
  collector: Collector,
  batch: SpanBatch,
  { signal, pausesMs = standardPausesMs, answerMs = standardAnswerMs }: SendOptions,
): Promise<Sent> {
  const body = collector.protocol === "http/json" ? otlpJson(batch) : otlpProtobuf(batch);
  for (let tries = 0; ; tries += 1) {
    const answer = await post(collector, body, { signal, answerMs });
    if (answer.status !== null && answer.status >= 200 && answer.status < 300)
      return sentOf(collector, answer);
    const standard = pausesMs[tries];
    const again = answer.status === null || retryable.has(answer.status);
    if (!again || standard === undefined || signal.aborted)
      throw refused(collector, { ...answer, tries: tries + 1 });
    await pause(answer.retryAfterMs ?? standard, undefined, { signal });
  }
}

interface Answer {
  /** null: nobody answered. */
  readonly status: number | null;
  readonly body: Buffer;
  readonly error: string | null;
  readonly retryAfterMs: number | null;
}

async function post(
  { url, headers, protocol }: Collector,
  body: string | Buffer,
  { signal, answerMs }: { readonly signal: AbortSignal; readonly answerMs: number },
): Promise<Answer> {
  const type = protocol === "http/json" ? "application/json" : "application/x-protobuf";
  using deadline = new Deadline(answerMs, signal);
  try {
    const response = await request(url, {
      method: "POST",
      headers: { "content-type": type, ...headers },
      body,
      signal: deadline.signal,
    });
    const bytes = await boundedBody(response.body, descriptionBytesMax);
    const seconds = Number(response.headers["retry-after"]);
    const retryAfterMs = seconds > 0 ? Math.min(seconds * 1000, retryAfterMaxMs) : null;
    return { status: response.statusCode, body: bytes, error: null, retryAfterMs };
  } catch (error) {
    if (signal.aborted) throw error;
    return { status: null, body: Buffer.alloc(0), error: messageOf(error), retryAfterMs: null };
  }
}

/** A success may be a partial one: the answer says how many spans were not taken. */
function sentOf({ protocol }: Collector, { body }: Answer): Sent {
  if (protocol !== "http/json" || body.length === 0)
    return { rejected: rejectedIn(body, protocol), reason: null };
  try {
    const { partialSuccess } = JSON.parse(body.toString("utf8")) as {
      readonly partialSuccess?: { readonly rejectedSpans?: string | number; readonly errorMessage?: string };
    };
    return {
      rejected: Number(partialSuccess?.rejectedSpans ?? 0),
      reason: partialSuccess?.errorMessage ?? null,
    };
  } catch (error) {
    // Some receivers answer with a word of their own; the status says that the spans were taken.
    if (error instanceof SyntaxError) return { rejected: 0, reason: null };
    throw error;
  }
}

/** `partial_success { rejected_spans }` of the protobuf answer: field 1 holds a message whose field 1 is the count. */
function rejectedIn(body: Buffer, protocol: OtlpProtocol): number {
  if (protocol !== "http/protobuf" || body[0] !== 0x0a || body[2] !== 0x08) return 0;
  let [count, shift] = [0, 0];
  for (const byte of body.subarray(3)) {
    count += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return count;
    shift += 7;
  }
  return count;
}

const shownCharacters = 200;

function refused(
  { url, protocol }: Collector,
  { status, body, error, tries }: Answer & { readonly tries: number },
): CollectorError {
  const said = body
    .toString("utf8")
    .replaceAll(/[^\x20-\x7E]+/g, " ")
    .trim()
    .slice(0, shownCharacters);
  const what = status === null ? (error ?? "no answer") : `status ${status}${said === "" ? "" : `: ${said}`}`;
  return new CollectorError(
    `${url} did not take the spans after ${tries} ${tries === 1 ? "try" : "tries"}: ${what}. ${adviceOn(status, protocol)}`,
  );
}

function adviceOn(status: number | null, protocol: OtlpProtocol): string {
  if (status === null) return "Is an OTLP/HTTP receiver listening there (usually port 4318; 4317 is gRPC)?";
  if (status === 401 || status === 403)
    return "Set its key as a header (OTEL_EXPORTER_OTLP_HEADERS, or headers of the sink).";
  if (status === 404 || status === 405)
    return "Is this the base address of an OTLP/HTTP receiver? /v1/traces is added to it.";
  if (status === 415)
    return `It does not take ${protocol}; set protocol to ${otlpProtocols.find((other) => other !== protocol) ?? ""}.`;
  return "Its own log says why.";
}
