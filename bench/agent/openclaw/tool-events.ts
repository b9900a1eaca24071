import { z } from "zod";
import type { OwnToolCall } from "../agent.ts";
import type { Clock } from "../../measure/clock.ts";
import type { GatewayEvent } from "./websocket-client.ts";

/** An `agent` event of the stream `tool`, as far as it is read. */
const toolEventSchema = z.object({
  runId: z.string(),
  stream: z.literal("tool"),
  data: z.object({
    phase: z.string(),
    name: z.string(),
    toolCallId: z.string(),
    args: z.unknown().optional(),
    isError: z.boolean().optional(),
    result: z
      .object({
        content: z
          .union([z.string(), z.array(z.object({ text: z.string().optional() }))])
          .optional()
          .catch(undefined),
        details: z
          .object({
            exitCode: z.number().nullish().catch(null),
            exitSignal: z.string().nullish().catch(null),
          })
          .nullish()
          .catch(null),
      })
      .nullish()
      .catch(null),
  }),
});

interface BegunCall {
  readonly name: string;
  readonly toolCallId: string;
  readonly argumentsText: string;
  readonly startedNs: number;
  ended?: { readonly ns: number; readonly content: string; readonly error: boolean };
}

/**
 * What a gateway's own tools did in one run, from its events. They carry the wall clock of the gateway; the stamps are taken here, when
 * an event comes, so that they can be compared with those of the taps.
 */
export class ToolEvents {
  readonly #clock: Clock;
  readonly #calls = new Map<string, BegunCall[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  see({ event, payload }: GatewayEvent): void {
    if (event !== "agent") return;
    const parsed = toolEventSchema.safeParse(payload);
    if (!parsed.success) return;
    const { runId, data } = parsed.data;
    const calls = this.#calls.get(runId);
    if (calls === undefined) return;
    if (data.phase === "start") {
      const { name, toolCallId, args } = data;
      calls.push({
        name,
        toolCallId,
        argumentsText: JSON.stringify(args ?? {}),
        startedNs: this.#clock.nowNs(),
      });
    }
    if (data.phase !== "result") return;
    const call = calls.findLast((one) => one.toolCallId === data.toolCallId && one.ended === undefined);
    if (call === undefined) return;
    const { content = "", details } = data.result ?? {};
    call.ended = {
      ns: this.#clock.nowNs(),
      content: typeof content === "string" ? content : content.map(({ text = "" }) => text).join(""),
      // A command that failed is an answer to OpenClaw, and a failed call to those who count them.
      error:
        data.isError === true || (details?.exitCode ?? 0) !== 0 || typeof details?.exitSignal === "string",
    };
  }

  /** From now on the run's events are kept. */
  begin(runId: string): void {
    this.#calls.set(runId, []);
  }

  /** Everything that the run's tools did; nothing of it is kept. */
  end(runId: string): readonly OwnToolCall[] {
    const calls = this.#calls.get(runId) ?? [];
    this.#calls.delete(runId);
    const nowNs = this.#clock.nowNs();
    return calls.map(({ ended, ...call }) => ({
      ...call,
      content: ended?.content ?? "",
      error: ended?.error ?? true,
      endedNs: ended?.ns ?? nowNs,
    }));
  }
}
