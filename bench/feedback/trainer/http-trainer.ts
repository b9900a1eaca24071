import type { Dispatcher } from "undici";
import { isJson } from "../../answer/json.ts";
import { readPythonJson } from "../files/python-json.ts";
import { modelName, otherModel } from "./model-name.ts";
import { readCompletion } from "./read-completion.ts";
import { readScore } from "./read-score.ts";
import { readUpdate } from "./read-update.ts";
import type {
  AdapterUpdates,
  AskedMessage,
  AskedModel,
  CompletionRequest,
  FeedbackBatch,
  FeedbackResult,
  Trainer,
} from "./trainer.ts";
import { type TrainerAnswer, TrainerConnection, type TrainerRequest } from "./trainer-connection.ts";

export { modelName };

export interface HttpTrainerOptions {
  /** Ending in `/v1`. */
  readonly baseUrl: string;
  /** Which engine is behind the service. */
  readonly mode: "local" | "tinker" | "modal";
  /** As people call it, for messages; default: the base URL. */
  readonly name?: string;
  /** Values may be secrets: they are in no message. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Other texts that no message may repeat, e.g. keys that a tap adds. */
  readonly secrets?: readonly string[];
  /** Ends whatever is under way. */
  readonly signal?: AbortSignal;
  readonly dispatcher?: Dispatcher;
  readonly seconds?: Partial<typeof patience>;
}

/** Seconds that CLaaS' own evaluation waits for each. */
const patience = { init: 300, feedback: 180, chat: 120, score: 60, about: 30 };

/** A trainer that is spoken to over HTTP, by the endpoints of CLaaS. */
export function httpTrainer(options: HttpTrainerOptions): Trainer {
  return new HttpTrainer(options);
}

class HttpTrainer implements Trainer {
  readonly baseUrl: string;
  readonly #connection: TrainerConnection;
  readonly #seconds: typeof patience;
  readonly #mode: HttpTrainerOptions["mode"];

  constructor(options: HttpTrainerOptions) {
    const {
      baseUrl,
      mode,
      name = baseUrl,
      headers = {},
      secrets = [],
      signal,
      dispatcher,
      seconds,
    } = options;
    this.baseUrl = baseUrl.replace(/\/+$/u, "");
    this.#mode = mode;
    this.#seconds = { ...patience, ...seconds };
    this.#connection = new TrainerConnection({
      origin: this.baseUrl.replace(/\/v1$/u, ""),
      name,
      headers,
      secrets,
      signal: signal ?? null,
      dispatcher: dispatcher ?? null,
    });
  }

  async init({
    loraId,
    baseModel,
  }: {
    readonly loraId: string;
    readonly baseModel: string;
  }): Promise<string> {
    const request = this.#post("/v1/lora/init", { lora_id: loraId, base_model: baseModel }, "init");
    const { answer, fields } = await this.#object(request);
    const made = fields["lora_id"];
    if (typeof made !== "string" || made === "")
      throw this.#connection.unusable(request, answer, "its answer names no lora_id");
    if (this.#mode === "tinker") await this.#forgetSampler();
    return made;
  }

  async feedback(batch: FeedbackBatch, signal: AbortSignal): Promise<FeedbackResult> {
    const { loraId, samples, feedback, training } = batch;
    const body = {
      requests: samples.map(({ prompt, response }) => ({
        lora_id: loraId,
        prompt,
        response,
        feedback,
        training,
      })),
      // The service goes on answering meanwhile.
      orchestration: { sleep_before: false, wake_after: false },
    };
    const request = { ...this.#post("/v1/feedback", body, "feedback"), signal };
    const { answer, fields } = await this.#object(request);
    const { status, distill_result: result } = fields;
    if (typeof status === "string" && /error|fail/iu.test(status))
      throw this.#connection.unusable(request, answer, `its status is ${status}`);
    if (typeof status !== "string" && !isJson(result))
      throw this.#connection.unusable(request, answer, "it says nothing of an update");
    return readUpdate(isJson(result) ? result["metadata"] : null);
  }

  async updates(loraId: string): Promise<AdapterUpdates | null> {
    // Only a simulated trainer has this page, and answers when no update runs any more.
    const request: TrainerRequest = {
      method: "GET",
      path: "/simulator/adapters",
      seconds: this.#seconds.feedback,
    };
    const answer = await this.#connection.ask(request);
    const adapters = answer.status === 200 ? fieldsOf(answer.text)?.["adapters"] : undefined;
    if (!Array.isArray(adapters)) {
      if (answer.status >= 500) throw this.#connection.refused(request, answer);
      return null;
    }
    const adapter: unknown = adapters.find((one) => isJson(one) && one["lora_id"] === loraId);
    const count = isJson(adapter) ? adapter["updates"] : undefined;
    if (!isJson(adapter) || typeof count !== "number")
      throw this.#connection.unusable(request, answer, `it has no adapter ${loraId}`);
    return { count, last: count === 0 ? null : readUpdate(adapter["last"]) };
  }

  modelOf(loraId: string): AskedModel {
    const model = modelName(loraId);
    return {
      complete: async ({ messages, temperature, maxTokens, topLogprobs, seed }: CompletionRequest) => {
        const sampling = { temperature, max_tokens: maxTokens, ...(seed === undefined ? {} : { seed }) };
        const wanted = topLogprobs === undefined ? {} : { logprobs: true, top_logprobs: topLogprobs };
        const body = { model, messages, ...sampling, ...wanted };
        const request = this.#post("/v1/chat/completions", body, "chat");
        const answer = await this.#connection.askFor(request);
        const read = readCompletion(answer.text);
        if ("why" in read) throw this.#connection.unusable(request, answer, read.why);
        const other = otherModel(read.model, model);
        if (other !== null) throw this.#connection.unusable(request, answer, `it is ${other}`);
        return { text: read.text, finishReason: read.finishReason, tokens: read.tokens };
      },
      score: async (messages: readonly AskedMessage[], completion: string) => {
        const request = this.#post("/v1/score", { model, messages, completion }, "score");
        const answer = await this.#connection.ask(request);
        if (isNoEndpoint(answer)) return null;
        if (answer.status < 200 || answer.status > 299) throw this.#connection.refused(request, answer);
        const read = readScore(answer.text, completion);
        if (read !== null && "why" in read) throw this.#connection.unusable(request, answer, read.why);
        return read;
      },
    };
  }

  /**
   * In mode `tinker` the service answers everything with the adapter that learned last, whatever model a request names: a fresh adapter
   * would be measured as the one before it.
   */
  async #forgetSampler(): Promise<void> {
    const request = this.#post("/v1/sampler/refresh", { model_path: null }, "chat");
    const answer = await this.#connection.ask(request);
    if (!isNoEndpoint(answer) && answer.status > 299) throw this.#connection.refused(request, answer);
  }

  #post(path: string, body: object, what: keyof typeof patience): TrainerRequest {
    return { method: "POST", path, body, seconds: this.#seconds[what] };
  }

  async #object(request: TrainerRequest): Promise<{
    readonly answer: TrainerAnswer;
    readonly fields: Readonly<Record<string, unknown>>;
  }> {
    const answer = await this.#connection.askFor(request);
    const fields = fieldsOf(answer.text);
    if (fields === null) throw this.#connection.unusable(request, answer, "what it sent is no JSON object");
    return { answer, fields };
  }
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | null {
  const read = readPythonJson(text);
  return "value" in read && isJson(read.value) ? read.value : null;
}

/** A server that does not know the path says so in its own words, and not in those of the service. */
function isNoEndpoint({ status, text }: TrainerAnswer): boolean {
  if (status === 405 || status === 501) return true;
  const detail = fieldsOf(text)?.["detail"];
  return status === 404 && (detail === "Not Found" || fieldsOf(text) === null);
}
