import { setTimeout as pause } from "node:timers/promises";
import type { Readable } from "node:stream";
import { request } from "undici";
import { messageOf } from "../../errors.ts";
import { boundedText } from "../../host/bounded-body.ts";
import { parsedJson } from "../../host/parsed-json.ts";
import { Deadline } from "../../measure/deadline.ts";
import type { MlflowTarget } from "./target.ts";
import { MlflowError, refusalOf, type RefusedAnswer } from "./refusal.ts";

export interface MlflowConnectionOptions {
  readonly signal: AbortSignal;
  /** Pauses between tries, in milliseconds. */
  readonly pausesMs?: readonly number[];
  /** How long an answer may take. */
  readonly answerMs?: number;
}

export interface MlflowCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the base address, with its query. */
  readonly path: string;
  /** What is done, for errors, e.g. `create the run`. */
  readonly doing: string;
  readonly json?: unknown;
  /** Bytes to send, made anew for each try. */
  readonly bytes?: { readonly length: number; readonly open: () => Readable | Buffer };
  /** Whether it may be sent twice: whoever creates something looks first whether it is there. */
  readonly once?: boolean;
}

/** A restart of a server in a pod takes half a minute. */
const standardPausesMs: readonly number[] = [500, 1_500, 4_000, 10_000, 20_000];
const standardAnswerMs = 30_000;
const retryAfterMaxMs = 60_000;
/** A page of a search holds the last values of every metric of a hundred runs. */
const answerBytesMax = 64 * 1024 * 1024;
const retried: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

interface Answer extends RefusedAnswer {
  readonly retryAfterMs: number | null;
}

/** The HTTP side of a tracking server: one call after another is tried until it is answered, or refused for good. */
export class MlflowConnection {
  readonly target: MlflowTarget;
  readonly #options: MlflowConnectionOptions;
  #reached = false;

  constructor(target: MlflowTarget, options: MlflowConnectionOptions) {
    this.target = target;
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** The answer's text. Throws MlflowError. */
  async text(call: MlflowCall): Promise<string> {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#send(call);
      if (answer.status !== null && answer.status >= 200 && answer.status < 300) {
        this.#reached = true;
        return answer.text;
      }
      const mayPass = answer.status === null || retried.has(answer.status);
      const waitMs = this.pausesMs[tries - 1];
      if (call.once === true || !mayPass || waitMs === undefined)
        throw this.#refusal(call, { answer, tries });
      await this.wait(answer.retryAfterMs ?? waitMs);
    }
  }

  /** The answer as JSON. Throws MlflowError, also where a page of HTML came in its place. */
  async json(call: MlflowCall): Promise<unknown> {
    const text = await this.text(call);
    const value = parsedJson(text === "" ? "{}" : text);
    if (value !== null && typeof value === "object") return value;
    throw this.#refusal(call, { answer: { status: 200, text: "<html" }, tries: 1 });
  }

  async wait(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.signal });
  }

  /** A server that was never there is not waited for as long as one that went away. */
  get pausesMs(): readonly number[] {
    const all = this.#options.pausesMs ?? standardPausesMs;
    return this.#reached ? all : all.slice(0, 3);
  }

  #refusal(call: MlflowCall, { answer, tries }: { readonly answer: RefusedAnswer; readonly tries: number }) {
    const { url, authorization, secrets } = this.target;
    const { host } = new URL(url);
    const text = secrets.reduce((shown, secret) => shown.replaceAll(secret, "[hidden]"), answer.text);
    return refusalOf(
      { doing: call.doing, url, host, tries, authorized: authorization !== null },
      { ...answer, text },
    );
  }

  async #send({ method, path, json, bytes }: MlflowCall): Promise<Answer> {
    const { url, authorization } = this.target;
    const body = json === undefined ? bytes?.open() : JSON.stringify(json);
    using deadline = new Deadline(this.#options.answerMs ?? standardAnswerMs, this.signal);
    try {
      const response = await request(`${url}${path}`, {
        method,
        headers: {
          "user-agent": "tollgate",
          ...(authorization !== null && { authorization }),
          ...(json !== undefined && { "content-type": "application/json" }),
          ...(bytes !== undefined && {
            "content-type": "application/octet-stream",
            "content-length": String(bytes.length),
          }),
        },
        ...(body !== undefined && { body }),
        signal: deadline.signal,
      });
      const { statusCode: status, headers } = response;
      const text = await boundedText(response.body, answerBytesMax);
      const location = typeof headers["location"] === "string" ? headers["location"] : undefined;
      return { status, text, location, retryAfterMs: retryAfterOf(headers["retry-after"]) };
    } catch (error) {
      if (this.signal.aborted) throw error;
      return { status: null, text: messageOf(error), retryAfterMs: null };
    }
  }
}

function retryAfterOf(header: string | string[] | undefined): number | null {
  const seconds = typeof header === "string" ? Number(header) : Number.NaN;
  return seconds >= 0 ? Math.min(seconds * 1000, retryAfterMaxMs) : null;
}

/** Whether the server says that something is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof MlflowError && error.errorCode === "RESOURCE_DOES_NOT_EXIST";
}

/** Whether a call may have been done although it was not answered. */
export function isUncertain(error: unknown): boolean {
  return error instanceof MlflowError && (error.status === null || retried.has(error.status));
}
