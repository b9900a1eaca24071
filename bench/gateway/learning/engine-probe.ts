import { z } from "zod";
import { parsed } from "../../answer/json.ts";
import { messageOf } from "../../errors.ts";
import { boundedText, descriptionBytesMax } from "../../host/bounded-body.ts";
import { engineMessage, type EngineConnection } from "../engine/engine-request.ts";

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })).min(1) });

export interface ProbeAnswer {
  /** null where nobody answered. */
  readonly status: number | null;
  readonly text: string;
  /** undefined for what is no JSON. */
  readonly json: unknown;
  /** For messages: what the engine said in place of an answer. */
  readonly refusal: string;
}

/** Questions that a gateway asks its engine before it serves anybody. */
export class EngineProbe {
  readonly engine: EngineConnection;
  readonly #timeoutMs: number;
  #model: Promise<string | null> | null = null;

  constructor(engine: EngineConnection, timeoutMs = 30_000) {
    this.engine = engine;
    this.#timeoutMs = timeoutMs;
  }

  /** Served name; null where the engine lists none. */
  model(): Promise<string | null> {
    this.#model ??= this.#send("GET", "/v1/models", null).then(
      ({ json }) => modelsSchema.safeParse(json).data?.data[0]?.id ?? null,
    );
    return this.#model;
  }

  /** A chat question of one token, unless the body says otherwise. */
  async chat(body: Readonly<Record<string, unknown>>): Promise<ProbeAnswer> {
    const model = await this.model();
    return this.post("/v1/chat/completions", {
      ...(model === null ? {} : { model }),
      max_tokens: 1,
      temperature: 0,
      ...body,
    });
  }

  post(path: string, body: object): Promise<ProbeAnswer> {
    return this.#send("POST", path, JSON.stringify(body));
  }

  async #send(method: "GET" | "POST", path: string, body: string | null): Promise<ProbeAnswer> {
    const { dispatcher, url, apiKey } = this.engine;
    try {
      const answer = await dispatcher.request({
        path: new URL(url).pathname.replace(/\/$/, "") + path,
        method,
        headers: {
          "content-type": "application/json",
          ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        body,
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      const text = await boundedText(answer.body, descriptionBytesMax);
      const status = answer.statusCode;
      const refusal = `${path} answered ${status}${status === 200 ? "" : `: ${engineMessage(text).slice(0, 160)}`}`;
      return { status, text, json: parsed(text), refusal };
    } catch (cause) {
      return { status: null, text: "", json: undefined, refusal: `${path}: ${messageOf(cause)}` };
    }
  }
}
