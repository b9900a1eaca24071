import { request, type Dispatcher } from "undici";
import { z } from "zod";
import { messageOf } from "../../../errors.ts";
import { boundedText } from "../../../host/bounded-body.ts";
import { parsedJson } from "../../../host/parsed-json.ts";
import { SessionError } from "./session-error.ts";

export interface SessionHttpOptions {
  /** Base URL of the gateway, without /v1. */
  readonly url: string;
  readonly adminKey: string;
  /** For one call. */
  readonly timeoutMs?: number;
  readonly dispatcher?: Dispatcher;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** An export holds every call of a session with its tokens. A text in this process cannot be much longer. */
const exportBytesMax = 256 * 1024 * 1024;

interface Call {
  readonly body: object;
  /** Bearer key; the admin key by default. null sends none. */
  readonly key?: string | null;
  readonly method?: "POST" | "DELETE";
  /** Statuses from 300 on that the caller understands. */
  readonly expected?: readonly number[];
  /** Another server than the gateway, e.g. the data proxy that holds a tensor. */
  readonly origin?: string;
}

const refusalSchema = z.object({ detail: z.unknown(), error: z.unknown(), message: z.unknown() }).partial();

/** JSON calls to a gateway's session interface. Every method rejects with SessionError. No call is ever repeated. */
export class SessionHttp {
  readonly url: string;
  readonly adminKey: string;
  readonly #timeoutMs: number;
  readonly #dispatcher: Dispatcher | undefined;

  constructor(options: SessionHttpOptions) {
    this.url = options.url.replace(/\/+$/, "");
    this.adminKey = options.adminKey;
    this.#timeoutMs = options.timeoutMs ?? 60_000;
    this.#dispatcher = options.dispatcher;
  }

  async call(path: string, call: Call): Promise<Answer> {
    const answer = await this.#send(path, call);
    if (answer.status < 300 || call.expected?.includes(answer.status)) return answer;
    throw this.refusal(path, answer);
  }

  read<Shape>(path: string, answer: Answer, schema: z.ZodType<Shape>): Shape {
    const shape = schema.safeParse(parsedJson(answer.text));
    if (!shape.success) throw this.malformed(path, answer, shape.error);
    return shape.data;
  }

  /** What a server said about why it refused: FastAPI says `detail`, AReaL's gateway `error`, its tensor store `message`. */
  refusal(path: string, { status, text }: Answer): SessionError {
    const { detail, error, message } = refusalSchema.safeParse(parsedJson(text)).data ?? {};
    const reason = detail ?? error ?? message ?? text.slice(0, 300);
    const said = typeof reason === "string" ? reason : JSON.stringify(reason);
    return new SessionError(path, status, { detail: said, url: this.url });
  }

  malformed(path: string, { status, text }: Answer, cause?: unknown): SessionError {
    const detail = `its answer has another shape than AReaL's: ${text.slice(0, 200)}`;
    return new SessionError(path, status, { detail, url: this.url, cause });
  }

  async #send(path: string, call: Call): Promise<Answer> {
    const key = call.key === undefined ? this.adminKey : call.key;
    try {
      const response = await request((call.origin ?? this.url) + path, {
        method: call.method ?? "POST",
        headers: {
          "content-type": "application/json",
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify(call.body),
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(this.#dispatcher === undefined ? {} : { dispatcher: this.#dispatcher }),
      });
      return { status: response.statusCode, text: await boundedText(response.body, exportBytesMax) };
    } catch (cause) {
      throw new SessionError(path, null, { detail: messageOf(cause), url: call.origin ?? this.url, cause });
    }
  }
}
