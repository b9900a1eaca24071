import { randomUUID } from "node:crypto";
import { EngineMetrics } from "../exposition/engine-metrics.ts";
import type { Faults } from "../settings/faults.ts";
import { type ChatTemplate, loadChatTemplate } from "../model/chat-template.ts";
import { loadTokenizer, type Tokenizer } from "../model/tokenizer.ts";
import { chunkedPrefillSize, poolTokens, type SimulatorOptions } from "../settings/options.ts";
import { type SglangTraits, sglangTraits } from "../settings/sglang.ts";
import { continuation, type ScriptedModel } from "../policy/scripted-model.ts";
import { say } from "../policy/reply.ts";
import { type OutputPlan, planOutput } from "./output-plan.ts";
import { PseudoLogprobs } from "./pseudo-logprobs.ts";
import { RequestLog } from "./request-log.ts";
import { Scheduler } from "../scheduling/scheduler.ts";
import type { FinishReason, ScheduledSequence } from "../scheduling/sequence.ts";

const abortMessage = "Aborted by /abort_request";

export interface EngineParts {
  readonly options: SimulatorOptions;
  readonly model: ScriptedModel;
  readonly faults: Faults;
  readonly clockNs: () => number;
  readonly pid: number;
  readonly cpuSeconds: () => number;
  readonly serverInfo: Readonly<Record<string, unknown>>;
  readonly logSink: ((line: string) => void) | null;
}

export interface Generation {
  readonly id: string;
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly promptIds: Int32Array;
  readonly computesWholePrompt: boolean;
  readonly isStructured: boolean;
  readonly plan: OutputPlan;
  readonly streamed: boolean;
  readonly counted: boolean;
  readonly receivedNs: number;
  readonly arrivalNs: number;
  readonly onToken: (count: number) => void;
  readonly onFinish: (finish: FinishReason) => void;
}

/** A generation in the engine. */
export interface Ticket {
  readonly scheduled: ScheduledSequence;
  readonly logprobs: PseudoLogprobs;
  /** Notes that a piece of the answer is being written to the client right now; call it just before the write. */
  sent(): void;
  abort(message: string): void;
}

/** The parts of the simulated engine together, and the requests that are in it. */
export class EngineCore {
  readonly options: SimulatorOptions;
  readonly sglang: SglangTraits;
  readonly model: ScriptedModel;
  readonly faults: Faults;
  readonly tokenizer: Tokenizer = loadTokenizer();
  readonly template: ChatTemplate;
  readonly scheduler: Scheduler;
  readonly metrics: EngineMetrics;
  readonly log: RequestLog;
  readonly clockNs: () => number;
  /** New at every start: a client can tell a restart from a reset counter. */
  readonly startId: string = randomUUID();
  readonly pid: number;
  readonly serverInfo: EngineParts["serverInfo"];
  #isWarm = false;
  readonly #tickets = new Map<string, Ticket>();

  constructor(parts: EngineParts) {
    const { options, model, faults, clockNs, pid, serverInfo, logSink } = parts;
    this.options = options;
    this.sglang = sglangTraits[options.sglang];
    this.template = loadChatTemplate(this.sglang);
    this.model = model;
    this.faults = faults;
    this.clockNs = clockNs;
    this.pid = pid;
    this.serverInfo = serverInfo;
    this.metrics = new EngineMetrics(
      {
        modelName: options.model,
        contextLength: options.contextLength,
        poolTokens,
        pid,
        version: options.sglang,
        traits: this.sglang,
        cpuSeconds: parts.cpuSeconds,
      },
      clockNs(),
    );
    this.log = new RequestLog({ entriesMax: 4096, tokensMax: 8_000_000, sink: logSink });
    this.scheduler = new Scheduler(
      { ...options, poolTokens, chunkedPrefillSize, slowFactor: () => faults.slowFactor },
      clockNs,
      this.metrics,
    );
  }

  /** The first request of its own is done. */
  get isWarm(): boolean {
    return this.#isWarm;
  }

  submit(generation: Generation): Ticket {
    const { promptIds, plan } = generation;
    const sendNs: number[] = [];
    const { seed } = this.options;
    const logprobs = new PseudoLogprobs(promptIds, { seed, vocabSize: this.tokenizer.vocabSize });
    const scheduled: ScheduledSequence = this.scheduler.submit({
      id: generation.id,
      promptIds,
      computesWholePrompt: generation.computesWholePrompt,
      isStructured: generation.isStructured,
      outputIds: plan.ids,
      finish: plan.finish,
      streamed: generation.streamed,
      counted: generation.counted,
      arrivalNs: generation.arrivalNs,
      onToken: generation.onToken,
      onFinish: (finish) => {
        this.#tickets.delete(generation.id);
        generation.onFinish(finish);
        if (generation.counted) this.#record(generation, { scheduled, finish, sendNs, logprobs });
      },
    });
    const ticket: Ticket = {
      scheduled,
      logprobs,
      sent: () => void sendNs.push(this.clockNs()),
      abort: (message) => {
        if (!scheduled.ended) this.metrics.abortSent();
        this.scheduler.abort(scheduled, message);
      },
    };
    this.#tickets.set(generation.id, ticket);
    return ticket;
  }

  /** Ends the request of that id, and with it those whose id starts like it, as SGLang does. */
  abortById(id: string): void {
    if (!this.#tickets.has(id)) return;
    this.metrics.abortSent();
    for (const [key, { scheduled }] of this.#tickets)
      if (key.startsWith(id)) this.scheduler.abort(scheduled, abortMessage);
  }

  abortAll(): void {
    this.metrics.abortSent();
    this.scheduler.abortAll(abortMessage);
  }

  /**
   * SGLang's own first request: a short text, 8 output tokens, counted like any other. Resolves when it is done.
   */
  async warmUp(): Promise<void> {
    const prompt = this.tokenizer.encode("The capital city of France is");
    await this.probe(prompt, { maxNewTokens: 8, counted: true });
    this.#isWarm = true;
  }

  /** Runs a prompt of the engine's own. */
  async probe(
    promptIds: Int32Array,
    { maxNewTokens, counted }: { readonly maxNewTokens: number; readonly counted: boolean },
  ): Promise<void> {
    const limits = { maxNewTokens, stop: [], stopTokenIds: [], ignoreEos: true };
    const plan = planOutput(say(continuation), limits, {
      tokenizer: this.tokenizer,
      roomTokens: maxNewTokens,
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    const nowNs = this.clockNs();
    this.submit({
      id: randomUUID().replaceAll("-", ""),
      endpoint: "(own)",
      headers: {},
      promptIds,
      computesWholePrompt: false,
      isStructured: false,
      plan,
      streamed: false,
      counted,
      receivedNs: nowNs,
      arrivalNs: nowNs,
      onToken: () => {},
      onFinish: () => resolve(),
    });
    await promise;
  }

  #record(
    generation: Generation,
    end: {
      readonly scheduled: ScheduledSequence;
      readonly finish: FinishReason;
      readonly sendNs: readonly number[];
      readonly logprobs: PseudoLogprobs;
    },
  ): void {
    const { scheduled, finish, sendNs, logprobs } = end;
    this.log.append({
      id: generation.id,
      endpoint: generation.endpoint,
      streamed: generation.streamed,
      headers: generation.headers,
      receivedNs: generation.receivedNs,
      arrivalNs: generation.arrivalNs,
      prefillStartNs: scheduled.prefillStartNs,
      tokenNs: scheduled.tokenNs,
      sendNs,
      endNs: this.clockNs(),
      finish: finish.type,
      cachedTokens: scheduled.cachedTokens,
      promptIds: generation.promptIds,
      outputIds: generation.plan.ids.slice(0, scheduled.produced),
      logprobs: scheduled.tokenNs.map((_, position) => logprobs.at(position)),
    });
  }
}
