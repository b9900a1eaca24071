import { request } from "undici";
import { messageOf, StartError } from "../errors.ts";
import { boundedText, descriptionBytesMax } from "../host/bounded-body.ts";
import { Deadline } from "../measure/deadline.ts";

/** An answer of any status, as it came. */
export interface ServerAnswer {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  /** The value of the text; undefined when it is not JSON. */
  readonly json: unknown;
  /** Where a redirect leads; null without one. */
  readonly location: string | null;
  /** What the server calls itself in its headers; null where it does not. */
  readonly server: string | null;
}

interface Question {
  readonly apiKey: string;
  readonly signal: AbortSignal;
  /** For the whole answer. */
  readonly timeoutMs?: number;
}

const timeoutDefaultMs = 10_000;

/** GET, bounded in time and length. @throws {StartError} when nobody answers, with what to change */
export async function askServer(url: string, { apiKey, signal, timeoutMs }: Question): Promise<ServerAnswer> {
  using deadline = new Deadline(timeoutMs ?? timeoutDefaultMs, signal);
  try {
    const response = await request(url, {
      headers: { authorization: `Bearer ${apiKey}`, accept: "application/json" },
      signal: deadline.signal,
    });
    const text = await boundedText(response.body, descriptionBytesMax);
    const { location, server } = response.headers;
    return {
      url,
      status: response.statusCode,
      text,
      json: jsonOf(text),
      location: typeof location === "string" ? location : null,
      server: typeof server === "string" ? server : null,
    };
  } catch (cause) {
    if (signal.aborted) throw cause;
    const why = deadline.over ? "no whole answer in time" : transportText(cause);
    throw new StartError(url, `GET ${url} failed: ${why}. ${whatToChange(url, why)}`, { cause });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // Many servers answer unknown paths with their web page; the caller says what it wanted.
  }
}

/** For a name with several addresses Node gives one error per address, wrapped in an error without a message. */
function transportText(error: unknown): string {
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return errors.map((one) => messageOf(one).split("\n")[0]).join("; ");
}

const hints: readonly (readonly [RegExp, string])[] = [
  [
    /wrong version number|packet length too long|EPROTO/i,
    "The server speaks plain http: write http:// in its address.",
  ],
  [
    /certificate|self.signed|altnames?/i,
    "Its certificate is not trusted here: name the file of its authority in NODE_EXTRA_CA_CERTS.",
  ],
  [/ENOTFOUND|EAI_AGAIN/, "The name of the host is not known here: is it spelt right?"],
  [
    /Parse Error|HTTPParserError|Response does not match the HTTP/i,
    "What listens there speaks no http; if it speaks https, write https:// in its address.",
  ],
  [/longer than/, "Is this the address of a model server?"],
];

function whatToChange(url: string, why: string): string {
  const hint = hints.find(([pattern]) => pattern.test(why))?.[1];
  if (hint !== undefined) return hint;
  const closed = /other side closed|socket hang up|ECONNRESET/.test(why) && url.startsWith("http:");
  const secure = closed ? " If it speaks https, write https:// in its address." : "";
  return `Is the server running and reachable from here?${secure}`;
}

/** What an answer is instead of the JSON that was asked for, e.g. `a web page (HTML)`. */
export function whatCame({ text, json }: Pick<ServerAnswer, "text" | "json">): string {
  if (json !== undefined) return `JSON of another shape (${shortened(text)})`;
  if (/^\s*(<!doctype|<html|<head|<\?xml|<body)/i.test(text)) return "a web page (HTML)";
  return text.trim() === "" ? "nothing" : `text that is no JSON (${shortened(text)})`;
}

/** The first words of an answer, on one line. */
export function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}

export interface AskedEngine {
  readonly role: "agent" | "user";
  /** As it is used, without /v1. */
  readonly url: string;
  /** Environment variable of its key; undefined where none is named. */
  readonly apiKeyEnv?: string | undefined;
}

/** Why `GET /v1/models` is of no use, and what to change; null for an answer with status 200. */
export function refusalText(
  { role, url, apiKeyEnv }: AskedEngine,
  { status, location, text }: ServerAnswer,
): string | null {
  const said = `The ${role} engine at ${url} answered ${status} to GET /v1/models`;
  if (status === 200) return null;
  if (status >= 300 && status < 400) {
    const target = location === null ? "another address" : location.replace(/\/v1\/models\/?$/, "");
    return `${said}, a redirect to ${location ?? "another address"}. Redirects are not followed, because each would be in the measured times: set stack.${role}.url to ${target}.`;
  }
  if (status === 401 || status === 403) {
    return apiKeyEnv === undefined
      ? `${said}: it wants a key. Set stack.${role}.apiKeyEnv to the name of the environment variable that holds it.`
      : `${said}: the key in ${apiKeyEnv} was refused. Is it the key of this server?`;
  }
  if (status === 404 || status === 405) {
    return `${said}: no OpenAI-compatible API is there. Set stack.${role}.url to the address before /v1, e.g. http://HOST:PORT (a /v1 at its end is left out by itself).`;
  }
  const body = text.trim() === "" ? "" : ` (${shortened(text)})`;
  return status === 429 || status >= 500
    ? `${said}${body}: it is not ready, or something in front of it cannot reach it. Wait until its log says that it serves.`
    : `${said}${body}. Check the URL, the API key and that the server is ready.`;
}
