import { type Dispatcher, request as send } from "undici";
import { messageOf } from "../../errors.ts";
import { boundedText, modelAnswerBytesMax } from "../../host/bounded-body.ts";
import { secretsRemover } from "../../host/secret-words.ts";
import { Deadline } from "../../measure/deadline.ts";
import { TrainerError } from "./trainer-error.ts";

export interface TrainerPlace {
  /** Without what follows the service's own paths. */
  readonly origin: string;
  /** As people call the trainer, for messages: requests may go through a tap. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Keys that nothing which the server says may have in it. Values of `headers` are among them in any case. */
  readonly secrets: readonly string[];
  readonly signal: AbortSignal | null;
  readonly dispatcher: Dispatcher | null;
}

export interface TrainerRequest {
  readonly method: "GET" | "POST";
  /** From the origin on, with its first slash. */
  readonly path: string;
  readonly body?: object;
  readonly seconds: number;
  readonly signal?: AbortSignal;
}

export interface TrainerAnswer {
  readonly status: number;
  readonly text: string;
}

const shownCharactersMax = 2000;

/** Sends requests to a trainer. What the server says is given on without secrets. */
export class TrainerConnection {
  readonly #options: TrainerPlace;
  readonly #clean: (text: string) => string;

  constructor(options: TrainerPlace) {
    this.#options = options;
    this.#clean = secretsRemover([...Object.values(options.headers), ...options.secrets]);
  }

  /** Any answer, whatever its status. Rejects with TrainerError where there is none, and with the reason of an aborted signal. */
  async ask({ method, path, body, seconds, signal }: TrainerRequest): Promise<TrainerAnswer> {
    const { origin, headers, dispatcher } = this.#options;
    const signals = [signal, this.#options.signal].filter((one) => one != null);
    for (const one of signals) one.throwIfAborted();
    using deadline = new Deadline(seconds * 1000, ...signals);
    try {
      const response = await send(`${origin}${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: deadline.signal,
        // The deadline alone says how long it may take.
        headersTimeout: 0,
        bodyTimeout: 0,
        ...(dispatcher === null ? {} : { dispatcher }),
      });
      const text = await boundedText(response.body, modelAnswerBytesMax);
      return { status: response.statusCode, text: this.#clean(text) };
    } catch (cause) {
      for (const one of signals) one.throwIfAborted();
      const why = deadline.over
        ? `did not answer ${method} ${path} within ${seconds} s. It may still work on it: look at its log.`
        : `could not be asked ${method} ${path}: ${this.#clean(messageOf(cause))}. Is it running, and is its address right?`;
      throw new TrainerError(`The trainer at ${this.name} ${why}`, { status: null, body: null }, { cause });
    }
  }

  /** An answer with a status of success. Rejects with TrainerError otherwise. */
  async askFor(request: TrainerRequest): Promise<TrainerAnswer> {
    const answer = await this.ask(request);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw this.refused(request, answer);
  }

  refused({ method, path }: TrainerRequest, { status, text }: TrainerAnswer): TrainerError {
    const said = saidIn(text);
    const words = said === "" ? "and said nothing" : `and said: ${shortened(said)}`;
    return new TrainerError(
      `The trainer at ${this.name} answered ${method} ${path} with status ${status} ${words}${adviceFor(`${status} ${path} ${said}`)}`,
      { status, body: text },
    );
  }

  /** For an answer of success that cannot be one. */
  unusable({ method, path }: TrainerRequest, { status, text }: TrainerAnswer, why: string): TrainerError {
    return new TrainerError(
      `The trainer at ${this.name} answered ${method} ${path} with status ${status}, but ${why}. It said: ${shortened(text === "" ? "(nothing)" : text)}`,
      { status, body: text },
    );
  }

  get name(): string {
    return this.#clean(withoutCredentials(this.#options.name));
  }
}

function withoutCredentials(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/u, "$1");
}

function shortened(text: string): string {
  return text.length <= shownCharactersMax ? text : `${text.slice(0, shownCharactersMax)}…`;
}

/** The words that a server has for people, as it wrote them. */
function saidIn(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    return wordsOf(value) ?? body.trim();
  } catch {
    // No JSON: the body is its own words.
    return body.trim();
  }
}

function wordsOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object") return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  return (
    ["detail", "error", "message"].map((key) => wordsOf(fields.get(key))).find((text) => text != null) ?? null
  );
}

/** @param refusal status, path, and what was said */
function adviceFor(refusal: string): string {
  const advice = advices.find(({ pattern }) => pattern.test(refusal))?.advice;
  return advice === undefined ? "" : `${/[.!?…]$/u.test(refusal) ? "" : "."} ${advice}`;
}

const advices: readonly { readonly pattern: RegExp; readonly advice: string }[] = [
  {
    pattern: /^40[03] \/v1\/lora\/init .*model/su,
    advice: "Set base_model to a name that the trainer itself has for the model.",
  },
  {
    pattern: /^404 .*cached completion/su,
    advice:
      "Feedback is taken only on answers that went through this trainer's own chat and that it still remembers " +
      "(completion_cache_size): something changed the text on its way, or too many answers came in between.",
  },
  {
    pattern: /^3\d\d /u,
    advice: "It sends requests on to another address: give that one as claas_url.",
  },
  { pattern: /^401 /u, advice: "Name the variable with its key under `headers`." },
];
