import type { IncomingMessage, ServerResponse } from "node:http";
import { callChatApi } from "./chat-api-call.ts";
import { readChatRequest } from "./chat-body.ts";
import { passChatCall } from "./pass-chat-call.ts";
import { CallTree } from "../sessions/call-tree.ts";
import { ClientGoneError, clientGone, EngineError, type EngineConnection } from "../engine/engine-request.ts";
import type { GatewayMetrics } from "./gateway-metrics.ts";
import { callGenerate, type GenerateSetup } from "./generate-call.ts";
import type {
  ReasoningParserName,
  RecordingLevel,
  ToolCallParserName,
} from "../../config/recording-choices.ts";
import { learnTokenFields, type LearnedTokenFields } from "../learning/token-fields.ts";
import type { Streaming } from "../trajectories/trajectory-export.ts";
import { EngineProbe } from "../learning/engine-probe.ts";
import { learnParser } from "../learning/learn-parser.ts";
import { BodyStore } from "../../tap/kept-body.ts";
import { loadPromptModel } from "../rendering/model-folder.ts";
import { defaultToolForm } from "../rendering/tool-forms.ts";
import { checkRendering, type RenderingCheck } from "./rendering-check.ts";
import type { EndedCall, Session } from "../sessions/session.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import { CallClock, type TokenCall } from "./token-call.ts";
import { StartError } from "../../errors.ts";

export interface RecordingOptions {
  readonly level: RecordingLevel;
  /** Folder of the model's tokenizer and chat template; L2 renders prompts with it. */
  readonly tokenizerDirectory?: string;
  readonly toolCallParser: ToolCallParserName;
  readonly reasoningParser: ReasoningParserName;
  readonly renderingCheck: RenderingCheck;
}

interface RecordedCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** null for the admin key, whose calls belong to no session. */
  readonly session: Session | null;
}

interface RecorderParts {
  readonly engine: EngineConnection;
  readonly sessions: SessionStore;
  readonly metrics: GatewayMetrics;
  readonly bodyBytesMax: number;
  readonly randomUuid: () => string;
}

/** Makes chat calls at the gateway's recording level and keeps those that end well. */
export class ChatRecorder {
  readonly #options: RecordingOptions;
  readonly #parts: RecorderParts;
  /** null below L2. */
  #setup: GenerateSetup | null;
  /** At L1: how the engine gives token ids. */
  #fields: LearnedTokenFields = { streamed: null, detail: "not asked yet" };
  readonly #store = new BodyStore();
  #calls = 0;

  /** @throws {StartError} when level L2 lacks the model's files */
  constructor(options: RecordingOptions, parts: RecorderParts) {
    this.#options = options;
    this.#parts = parts;
    this.#setup = options.level === "L2" ? setupOf(options) : null;
  }

  /** Learns from the engine what this level needs to know of it. @throws {StartError} where the level cannot record */
  async learn(warn: (line: string) => void): Promise<void> {
    const { level } = this.#options;
    const { engine, metrics, randomUuid } = this.#parts;
    const probe = new EngineProbe(engine);
    if (level === "L1") {
      this.#fields = await learnTokenFields(probe);
      warn(`${this.#fields.detail}.`);
    }
    metrics.recordingInfo.set({ level, streaming: this.streaming }, 1);
    if (this.#setup === null) return;
    const { model, parsers } = this.#setup;
    const io = { warn, mark: randomUuid() };
    const { result, toolForm } = await checkRendering(this.#options.renderingCheck, { probe, model }, io);
    metrics.renderingCheck.set({ result, tool_form: toolForm }, 1);
    const parser = await learnParser(probe, toolForm);
    if (parsers.toolCalls === "qwen25")
      warn(`Calls are read as ${parser.dialect} reads them, ${parser.detail}.`);
    this.#setup = { ...this.#setup, toolForm, dialect: parser.dialect };
  }

  /** Whether a client that streams sees tokens when they exist. */
  get streaming(): Streaming {
    return this.#options.level === "L1" && this.#fields.streamed === null ? "simulated" : "true";
  }

  /** sha256 of the tokenizer that renders prompts; null where the engine does. */
  get tokenizerSha256(): string | null {
    return this.#setup?.model.tokenizerSha256 ?? null;
  }

  /** In which form this gateway renders tools; null where the engine renders. */
  get toolForm(): string | null {
    return this.#setup?.toolForm ?? null;
  }

  /** @throws {DialectError | EngineError} for what is to be answered; everything else has been */
  record(recorded: RecordedCall): Promise<void> {
    return this.#options.level === "L0" ? this.#pass(recorded) : this.#ask(recorded);
  }

  async #pass({ request, response, session }: RecordedCall): Promise<void> {
    const { engine, sessions, metrics, bodyBytesMax } = this.#parts;
    const passing = passChatCall({
      request,
      response,
      engine,
      bodyBytesMax,
      requestId: this.#nextId(),
      store: this.#store,
    });
    const late = this.#began(session);
    const { exchange, responseId } = await passing;
    // An engine's error inside a stream has status 200, and half an answer ends as well as a whole one.
    const complete =
      exchange.outcome === "completed" &&
      exchange.status === 200 &&
      exchange.incomplete === null &&
      exchange.unreadable?.count === 0;
    metrics.calls.inc({
      outcome: exchange.outcome === "completed" && !complete ? "engine-error" : exchange.outcome,
    });
    if (session === null) return;
    if (!complete) sessions.callFailed(session, late);
    else
      sessions.callEnded(session, {
        exchange,
        interactionId: responseId ?? exchange.requestId,
        tokens: null,
        late,
      });
  }

  async #ask({ request, response, session }: RecordedCall): Promise<void> {
    const { engine, sessions, metrics, bodyBytesMax } = this.#parts;
    const clock = new CallClock(request, this.#nextId());
    const chat = await readChatRequest(request, bodyBytesMax);
    clock.requestRead();
    const late = this.#began(session);
    let kept = false;
    const keep = (ended: EndedCall) => {
      kept = true;
      metrics.calls.inc({ outcome: "completed" });
      if (session !== null) sessions.callEnded(session, { ...ended, late });
    };
    const call: TokenCall = {
      request,
      response,
      chat,
      engine,
      clock,
      interactionId: `chatcmpl-${this.#hex()}`,
      created: Math.floor(Date.now() / 1000),
      newCallId: () => `call_${this.#hex().slice(0, 24)}`,
      earlier: session?.earlier ?? new CallTree(),
      signal: clientGone(response),
      keep,
      note: (note) => metrics.notes.inc({ note }),
    };
    try {
      await (this.#setup === null ? callChatApi(call, this.#fields) : callGenerate(call, this.#setup));
    } catch (thrown) {
      if (kept) throw thrown;
      metrics.calls.inc({ outcome: outcomeOf(thrown) });
      if (session !== null) sessions.callFailed(session, late);
      if (!(thrown instanceof ClientGoneError)) throw thrown;
    }
  }

  #began(session: Session | null): boolean {
    if (session === null) this.#parts.metrics.unrecordedCalls.inc();
    const late = session?.callBegan() ?? false;
    if (late) this.#parts.metrics.lateCalls.inc();
    return late;
  }

  #nextId(): string {
    return `gateway-${(this.#calls += 1)}`;
  }

  #hex(): string {
    return this.#parts.randomUuid().replaceAll("-", "");
  }
}

function outcomeOf(thrown: unknown): string {
  if (thrown instanceof ClientGoneError) return "client-aborted";
  return thrown instanceof EngineError ? "engine-error" : "refused";
}

function setupOf({ tokenizerDirectory, toolCallParser, reasoningParser }: RecordingOptions): GenerateSetup {
  if (tokenizerDirectory === undefined)
    throw new StartError(
      "gateway",
      "Level L2 needs the folder of the model's tokenizer: give --tokenizer DIR.",
    );
  return {
    model: loadPromptModel(tokenizerDirectory),
    parsers: { toolCalls: toolCallParser, reasoning: reasoningParser },
    toolForm: defaultToolForm,
    dialect: "sglang-0.5.23",
  };
}
