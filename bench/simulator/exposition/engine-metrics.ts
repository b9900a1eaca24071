import type { DecodeStep, SchedulerObserver, SchedulerView } from "../scheduling/scheduler.ts";
import type { FinishReason, ScheduledSequence } from "../scheduling/sequence.ts";
import { type ConstantFamily, constantFamilies } from "./constant-families.ts";
import {
  type Family,
  HistogramFamily,
  openMetricsPage,
  openMetricsType,
  type SeriesLabels,
  ScalarFamily,
  writeExposition,
} from "./exposition.ts";
import { HttpMetrics } from "./http-metrics.ts";
import type { MetricTraits } from "./metric-traits.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { SchedulerMetrics } from "./scheduler-metrics.ts";

export interface EngineMetricsOptions {
  readonly modelName: string;
  readonly contextLength: number;
  readonly poolTokens: number;
  readonly pid: number;
  readonly version: "0.5.10" | "0.5.23";
  readonly traits: MetricTraits;
  /** Processor time of this process so far. */
  readonly cpuSeconds: () => number;
}

/** SGLang's metrics page, from the parts that its processes write. */
export class EngineMetrics implements SchedulerObserver {
  readonly http: HttpMetrics;
  readonly scheduler: SchedulerMetrics;
  readonly #requests: RequestMetrics;
  /** Labels of what the HTTP process counts, and of what the scheduler process counts. */
  readonly #server: SeriesLabels;
  readonly #rank: SeriesLabels;
  readonly #options: EngineMetricsOptions;
  readonly #constants: readonly Family[];

  constructor(options: EngineMetricsOptions, nowNs: number) {
    this.#options = options;
    const { modelName, traits } = options;
    this.#server = { engine_type: "unified", model_name: modelName };
    this.#rank = { ...this.#server, moe_ep_rank: "0", pp_rank: "0", tp_rank: "0" };
    this.http = new HttpMetrics(modelName);
    this.#requests = new RequestMetrics(modelName, traits);
    this.scheduler = new SchedulerMetrics(this.#rank, traits, nowNs);
    this.#constants = constantFamilies
      .filter(({ only }) => only === undefined || only === options.version)
      .map((family) => this.#constant(family));
  }

  queued(scheduled: ScheduledSequence, nowNs: number): void {
    this.scheduler.queued(scheduled, nowNs);
  }

  prefillBegan(tokens: { readonly computed: number; readonly cached: number }, view: SchedulerView): void {
    this.scheduler.prefillBegan(tokens, view);
  }

  prefillEnded(durationNs: number): void {
    this.scheduler.prefillEnded(durationNs);
  }

  prefilled(computedTokens: number, cachedTokens: number): void {
    this.scheduler.prefilled(computedTokens, cachedTokens);
  }

  token(scheduled: ScheduledSequence, nowNs: number): void {
    if (scheduled.produced === 1) this.scheduler.firstToken(scheduled, nowNs);
    if (scheduled.sequence.counted) this.#requests.token(scheduled, nowNs);
  }

  decoded(step: DecodeStep, view: SchedulerView): void {
    this.scheduler.decoded(step, view);
  }

  abortSent(): void {
    this.#requests.abortSent();
  }

  finished(scheduled: ScheduledSequence, finish: FinishReason, nowNs: number): void {
    if (scheduled.sequence.counted) this.#requests.finished(scheduled, finish, nowNs);
  }

  /** The exposition page, in the format that the client's `accept` asks for. */
  page(view: SchedulerView, accept: string): { readonly contentType: string; readonly body: string } {
    const body = this.#text(view);
    return accept.includes("application/openmetrics-text")
      ? { contentType: openMetricsType, body: openMetricsPage(body) }
      : { contentType: "text/plain; version=0.0.4; charset=utf-8", body };
  }

  #text(view: SchedulerView): string {
    return writeExposition([
      ...this.http.families(this.#options.traits),
      ...this.#requests.families(),
      ...this.scheduler.families(view),
      ...this.#sizes(view),
      ...this.#times(view.nowNs),
      ...this.#constants,
    ]);
  }

  #sizes({ poolTokens }: SchedulerView): Family[] {
    const { traits, contextLength, pid } = this.#options;
    const withPid = { ...this.#rank, pid: String(pid) };
    const pages = { num_pages: String(poolTokens), page_size: "1" };
    const byVersion = traits.tellsMemory
      ? ([
          ["num_pages", "Number of KV cache pages.", poolTokens],
          ["context_len", "Maximum context length.", contextLength],
        ] as const)
      : ([["cache_config_info", "Cache configuration information.", 1, pages]] as const);
    const rows = [
      ["max_total_num_tokens", "Maximum total number of tokens in the KV cache pool.", poolTokens],
      ["num_retracted_reqs", "The number of retracted requests.", 0, withPid],
      ["num_paused_reqs", "The number of paused requests by async weight sync.", 0, withPid],
      ...byVersion,
    ] as const;
    return rows.map(([name, help, value, labels = this.#rank]) => {
      const family = new ScalarFamily("gauge", `sglang:${name}`, help);
      family.set(labels, value);
      return family;
    });
  }

  /** All parts run in one process here: its processor time is told of the part that holds the connections. */
  #times(nowNs: number): Family[] {
    const cpu = new ScalarFamily(
      "counter",
      "sglang:process_cpu_seconds_total",
      "Total CPU time consumed by this process (user + system)",
    );
    cpu.set({ component: "tokenizer" }, this.#options.cpuSeconds());
    cpu.set({ component: "detokenizer" }, 0);
    return this.#options.traits.tellsMemory ? [cpu, ...this.#schedulerTimes(nowNs)] : [cpu];
  }

  #schedulerTimes(nowNs: number): Family[] {
    const idle = new ScalarFamily(
      "counter",
      "sglang:scheduler_idle_seconds_total",
      "Total wall time while the scheduler has no runnable or queued work.",
    );
    const cpu = new ScalarFamily(
      "counter",
      "sglang:scheduler_process_cpu_seconds_total",
      "Total CPU time consumed by the scheduler process across all threads.",
    );
    const stages = new ScalarFamily(
      "counter",
      "sglang:scheduler_stage_seconds_total",
      "Total scheduler-loop wall time exclusively attributed to each stage. forward_overlap (full, partial, none): " +
        "full=both endpoints active, partial=one, none=no observed overlap (including unavailable timing). " +
        "Not exact overlapped/exposed seconds.",
    );
    const idleSeconds = this.scheduler.idleNs(nowNs) / 1e9;
    idle.set(this.#rank, idleSeconds);
    cpu.set(this.#rank, 0);
    const told = new Map([
      ["run_batch", this.scheduler.busyNs / 1e9],
      ["idle", idleSeconds],
    ]);
    for (const category of stageNames)
      stages.set({ ...this.#rank, category, forward_overlap: "none" }, told.get(category) ?? 0);
    return [idle, cpu, stages];
  }

  #constant({ name, help, type, labels, series = [{}], bounds, value = 0 }: ConstantFamily): Family {
    const base = labels === "none" ? {} : labels === "server" ? this.#server : this.#rank;
    if (bounds !== undefined) {
      const family = new HistogramFamily(`sglang:${name}`, help, bounds);
      for (const one of series) family.observe({ ...base, ...one }, 0, 0);
      return family;
    }
    const family = new ScalarFamily(type === "counter" ? "counter" : "gauge", `sglang:${name}`, help);
    for (const one of series) family.set({ ...base, ...one }, value);
    return family;
  }
}

const stageNames =
  "other recv_requests process_input_requests get_next_batch_to_run process_queue run_batch process_batch_result sanity_check_cache idle".split(
    " ",
  );
