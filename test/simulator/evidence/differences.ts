import { gunzipSync } from "node:zlib";
import { eventData } from "../client.ts";
import { pageDifferences } from "./page-differences.ts";
import type { Answer } from "./recorded.ts";

/** What the model said, when, and under which name: not the server's form. Only their types are compared. */
const told = new Set(
  (
    "id created timestamp content text output_ids response_token_ids token bytes logprob ts_tic version " +
    "gen_throughput cache_hit_rate output_token_logprobs output_top_logprobs input_token_logprobs " +
    "total_prefill_busy_us decode_moments queue_time e2e_latency inference_time decode_throughput " +
    "forward_entry_time prefill_finished_time first_token_latency request_received_ts " +
    "api_server_dispatch_finish_ts request_finished_ts response_sent_to_client_ts top_logprobs"
  ).split(" "),
);
/** Heads that say nothing of the answer's form. */
const passingHeaders = new Set(["date", "content-length", "connection"]);

/** In what an answer differs from the recorded one, in words: status, heads, keys, types, values, events. */
export function differences(simulated: Answer, real: Answer): string[] {
  if (simulated.status !== real.status) return [`status ${simulated.status}, real ${real.status}`];
  return [...headerDifferences(simulated.headers, real.headers), ...bodyDifferences(simulated, real)];
}

function headerDifferences(simulated: Answer["headers"], real: Answer["headers"]): string[] {
  const names = [...new Set([...Object.keys(simulated), ...Object.keys(real)])].sort();
  return names
    .filter((name) => !passingHeaders.has(name) && simulated[name] !== real[name])
    .map((name) => `head ${name} ${shown(simulated[name])}, real ${shown(real[name])}`);
}

function bodyDifferences(simulated: Answer, real: Answer): string[] {
  const type = real.headers["content-type"] ?? "";
  const [ours, theirs] = [simulated, real].map(textOf);
  if (ours === undefined || theirs === undefined || ours === theirs) return [];
  if (type.startsWith("application/json")) return jsonDifferences(JSON.parse(ours), JSON.parse(theirs), "");
  if (type.startsWith("text/event-stream")) return eventDifferences(eventData(ours), eventData(theirs));
  if (ours.startsWith("# HELP") && theirs.startsWith("# HELP")) return pageDifferences(ours, theirs);
  return [`text ${shown(ours)}, real ${shown(theirs)}`];
}

function textOf({ headers, body }: Answer): string {
  // The recorded page lost its bytes on the way into the file.
  if (headers["content-encoding"] === "gzip") return gunzipOrEmpty(body);
  return body.toString("utf8");
}

function gunzipOrEmpty(body: Buffer): string {
  return body.length === 0 ? "" : gunzipSync(body).toString("utf8");
}

export function jsonDifferences(ours: unknown, real: unknown, path: string): string[] {
  if (kindOf(ours) !== kindOf(real)) return [`${path} is ${kindOf(ours)}, real ${kindOf(real)}`];
  if (Array.isArray(ours) && Array.isArray(real)) return arrayDifferences(ours, real, path);
  if (isObject(ours) && isObject(real)) return objectDifferences(ours, real, path);
  const isTold = path.split(/[.[]/).some((key) => told.has(key));
  return isTold || ours === real ? [] : [`${path} is ${shown(ours)}, real ${shown(real)}`];
}

type Fields = Readonly<Record<string, unknown>>;

function objectDifferences(ours: Fields, real: Fields, path: string): string[] {
  const keysOnlyIn = (one: Fields, other: Fields) => Object.keys(one).filter((key) => !(key in other));
  const [lacking, added] = [keysOnlyIn(real, ours), keysOnlyIn(ours, real)];
  return [
    ...(lacking.length === 0 ? [] : [`${path} lacks ${lacking.join(" ")}`]),
    ...(added.length === 0 ? [] : [`${path} has besides ${added.join(" ")}`]),
    ...Object.keys(ours)
      .filter((key) => key in real)
      .flatMap((key) => jsonDifferences(ours[key], real[key], `${path}.${key}`)),
  ];
}

function arrayDifferences(ours: readonly unknown[], real: readonly unknown[], path: string): string[] {
  const isTold = path.split(/[.[]/).some((key) => told.has(key));
  if (!isTold && ours.length !== real.length)
    return [`${path} has ${ours.length} entries, real ${real.length}`];
  const found = real
    .slice(0, ours.length)
    .flatMap((entry, at) => jsonDifferences(ours[at], entry, `${path}[]`));
  return [...new Set(found)];
}

/** Streams are compared by the forms of their events in their order; how often one form comes is the model's. */
function eventDifferences(ours: readonly string[], real: readonly string[]): string[] {
  const [simulated, theirs] = [ours, real].map(formsOf);
  if (simulated === undefined || theirs === undefined) return [];
  if (simulated.length !== theirs.length)
    return [
      `events of ${simulated.length} forms, real ${theirs.length}: ${simulated.map(({ text }) => text).join("  ")}`,
    ];
  return simulated.flatMap(({ event }, at) => jsonDifferences(event, theirs[at]?.event, `event ${at + 1}: `));
}

function formsOf(events: readonly string[]): { text: string; event: unknown }[] {
  const forms: { text: string; event: unknown }[] = [];
  for (const data of events) {
    const event: unknown = data === "[DONE]" ? data : JSON.parse(data);
    const text = JSON.stringify(typesOf(event));
    // Of equal forms the last one stays: its counts are the most.
    if (forms.at(-1)?.text === text) forms.pop();
    forms.push({ text, event });
  }
  return forms;
}

/** Arrays by their first entry, because a text and its logprobs may come in longer pieces. */
function typesOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(typesOf);
  if (isObject(value))
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((key) => [key, typesOf(value[key])]),
    );
  return kindOf(value);
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function shown(value: unknown): string {
  if (value === undefined) return "absent";
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
