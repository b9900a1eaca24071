import { messageOf } from "../errors.ts";
import { alikeInChat } from "./alike.ts";
import { shownValue, type Comparison, type Alteration } from "./difference.ts";
import { compareGenerate } from "./generate-request.ts";
import { isObject, JsonComparison, valueDifference, type Members } from "./json-comparison.ts";
import { parseExact } from "./exact-json.ts";
import { compareLists } from "./lists.ts";

/** A request as it entered an arm, and as it reached the engine. */
export interface RequestPair {
  readonly sent: { readonly path: string; readonly body: string };
  readonly received: { readonly path: string; readonly body: string };
}

const nothing: Comparison = { differences: [], forms: [], unknown: [] };

/** What an arm made of a request. Texts that are equal are not parsed. Pure. */
export function compareRequests({ sent, received }: RequestPair): Comparison {
  const api = [apiOf(sent.path), apiOf(received.path)] as const;
  if (sent.body === received.body && api[0] === api[1]) return nothing;
  const [before, after] = [parsed(sent.body), parsed(received.body)];
  if (typeof before === "string") return { ...nothing, unknown: [`the request of the agent is ${before}`] };
  if (typeof after === "string") return { ...nothing, differences: [noJson(received.body, after)] };
  if (api[1] === "generate" && api[0] !== "generate") return compareGenerate(before, after);
  const comparison = new JsonComparison(alikeInChat, compareLists);
  comparison.compare([], withoutLimit(before), withoutLimit(after));
  compareLimits(comparison, before, after);
  const { differences, forms } = comparison;
  if (differences.length === 0 && forms.size === 0 && sent.body !== received.body)
    forms.add("white space, escapes or spelling of numbers");
  const other = api[0] === api[1] ? [] : [`${sent.path} was asked and ${received.path} reached the engine`];
  return { differences, forms: [...forms], unknown: other };
}

/** `chat/completions`, `completions`, `generate` or `responses`. */
function apiOf(path: string): string {
  return /\/(chat\/completions|[^/]+)\/?(?:\?.*)?$/.exec(path)?.[1] ?? path;
}

function parsed(text: string): Members | string {
  try {
    const value = parseExact(text);
    return isObject(value) ? value : "no JSON object";
  } catch (thrown) {
    return `no JSON: ${messageOf(thrown)}`;
  }
}

function noJson(body: string, why: string): Alteration {
  const what = `a request reached the engine as ${why}`;
  return { place: ["body"], about: "body unreadable", what, before: null, after: shownValue(body) };
}

/** OpenAI's two names of one limit. */
const limitNames = ["max_completion_tokens", "max_tokens"] as const;

function withoutLimit(body: Members): Members {
  const { max_completion_tokens: _new, max_tokens: _old, ...rest } = body;
  return rest;
}

function compareLimits(comparison: JsonComparison, sent: Members, received: Members): void {
  const limit = (body: Members) => {
    const name = limitNames.find((known) => body[known] != null);
    return { name: name ?? limitNames[1], value: name === undefined ? undefined : body[name] };
  };
  const [before, after] = [limit(sent), limit(received)];
  if (before.value !== after.value) {
    const { name } = before.value === undefined ? after : before;
    comparison.add(valueDifference([name], before.value, after.value));
  } else if (before.name !== after.name) {
    comparison.forms.add("max_tokens and max_completion_tokens renamed");
  }
}
