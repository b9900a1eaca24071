import { openclaw } from "../../../agent/openclaw/agent.ts";
import type { AgentContext, AgentDriver, AgentSessionRequest, AgentTurn } from "../../../agent/agent.ts";
import { ownModule } from "../../../own-files.ts";
import type { TapClient } from "../../../tap/client.ts";
import { startToolServer, type ToolServer } from "../../../tools/server.ts";
import type { Exchange } from "../../../workload/exchange.ts";
import { answerOf } from "../../../workload/exchange-answer.ts";
import { otherModel } from "../../trainer/model-name.ts";
import { TrainerError } from "../../trainer/trainer-error.ts";
import { answerMs, answerTokensMax, type Answers, type AskedPrompt } from "./answers.ts";

export interface EmbeddedOpenClaw {
  readonly tap: Pick<TapClient, "take">;
  /** Of the tap, ending in `/v1`. */
  readonly baseUrl: string;
  /** The name that chat requests use for an adapter. */
  readonly modelName: (loraId: string) => string;
  readonly context: Omit<
    AgentContext,
    | "concurrencyMax"
    | "model"
    | "contextWindow"
    | "maxTokens"
    | "callTimeoutMs"
    | "turnTimeoutMs"
    | "startTimeoutMs"
    | "tools"
  >;
  /** Of the base model; each request names the adapter that it is for. */
  readonly model: string;
  /** In front of the keys of its sessions, [a-z0-9]; no two drivers of a run have the same. */
  readonly prefix: string;
}

const startMs = 180_000;
const contextTokens = 131_072;
/** How long the tap may take to read what has ended. */
const takeMs = 2_000;
const noTools = ownModule(new URL("./no-tools.ts", import.meta.url));

/** A real OpenClaw of ours with its own system prompt; each prompt is the first message of a session. */
export async function startEmbeddedAnswers(options: EmbeddedOpenClaw): Promise<Answers> {
  const stoppable = new AsyncDisposableStack();
  try {
    const { scratchDirectory } = options.context;
    const server = stoppable.use(await startToolServer({ module: noTools, workers: 1, scratchDirectory }));
    const driver = stoppable.use(
      await openclaw.start(
        { kind: "openclaw", prompt: "stock", gateways: 1 },
        {
          ...options.context,
          concurrencyMax: 1,
          model: options.model,
          contextWindow: contextTokens,
          maxTokens: answerTokensMax,
          callTimeoutMs: answerMs,
          turnTimeoutMs: answerMs,
          startTimeoutMs: startMs,
          tools: { fleetToken: server.fleetToken, sockets: server.sockets, names: [] },
        },
      ),
    );
    return new EmbeddedAnswers(options, { server, driver, stoppable });
  } catch (error) {
    await stoppable.disposeAsync();
    throw error;
  }
}

interface Started {
  readonly server: ToolServer;
  readonly driver: AgentDriver;
  readonly stoppable: AsyncDisposableStack;
}

class EmbeddedAnswers implements Answers {
  readonly systemPrompt = null;
  readonly #options: EmbeddedOpenClaw;
  readonly #started: Started;
  #sessions = 0;

  constructor(options: EmbeddedOpenClaw, started: Started) {
    this.#options = options;
    this.#started = started;
  }

  async answer(question: AskedPrompt, signal: AbortSignal): ReturnType<Answers["answer"]> {
    const { tap, prefix } = this.#options;
    this.#sessions += 1;
    const attemptKey = `${prefix}-${this.#sessions}`;
    const { server, driver } = this.#started;
    const request = this.#request(question, attemptKey);
    const open = await server.openEpisode({
      episodeId: request.episodeId,
      attemptKey,
      settings: {},
      taskId: "prompt",
      limits: { maxSteps: 10, maxErrors: 10, callTimeoutMs: answerMs },
      session: {
        baseUrl: request.endpoint.baseUrl,
        headers: {},
        sampling: request.sampling,
        prompt: "stock",
        greeting: null,
        system: "",
      },
    });
    try {
      await using session = await driver.openSession(request);
      const turn = await session.turn(question.prompt, signal);
      return answered(turn, await tap.take(attemptKey, takeMs), request.endpoint.model);
    } finally {
      await open.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.stoppable.disposeAsync();
  }

  #request(
    { loraId, temperature, seed, maxTokens = answerTokensMax }: AskedPrompt,
    attemptKey: string,
  ): AgentSessionRequest {
    const { baseUrl, modelName } = this.#options;
    return {
      // The tap tells requests apart by it; there are no episodes here.
      episodeId: attemptKey,
      attemptKey,
      endpoint: { role: "agent", baseUrl, model: modelName(loraId), apiKey: "unused", headers: {} },
      sampling: { temperature, max_tokens: maxTokens, seed },
      system: "",
      tools: "[]",
      greeting: null,
      acceptsArguments: () => false,
      turnTimeoutMs: answerMs,
    };
  }
}

/**
 * The trainer knows its answers by their very text, and OpenClaw trims and cleans what it says: the text is what the tap saw of the
 * last answer.
 */
// oxlint-disable-next-line max-params -- what OpenClaw and the tap say of one answer, and of whom it must be
function answered(
  turn: AgentTurn,
  exchanges: readonly Exchange[],
  model: string,
): Awaited<ReturnType<Answers["answer"]>> {
  const last = exchanges.at(-1);
  const status = last?.status ?? null;
  const body = last?.responseBody ?? null;
  if (turn.status !== "answered") {
    const said =
      body === null || status === 200 ? "" : ` The trainer said (status ${status}): ${body.slice(0, 2000)}`;
    throw new TrainerError(`OpenClaw gave no answer (${turn.status}): ${wordsOf(turn)}${said}`, {
      status,
      body,
    });
  }
  if (last === undefined)
    throw new TrainerError("OpenClaw answered without having asked the trainer", { status, body });
  const answer = answerOf(last);
  const other = otherModel(answer.model, model);
  if (other !== null)
    throw new TrainerError(`OpenClaw's last request cannot be used: it got ${other}`, { status, body });
  if (answer.text === "")
    throw new TrainerError("OpenClaw's last request was answered without text", { status, body });
  return { text: answer.text, finishReason: answer.finish };
}

function wordsOf(turn: Exclude<AgentTurn, { status: "answered" }>): string {
  if (turn.status === "aborted") return "it was cancelled";
  return turn.status === "timed-out" ? `after ${turn.afterMs / 1000} s` : turn.message;
}
