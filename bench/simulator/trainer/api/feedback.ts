import { isDeepStrictEqual } from "node:util";
import { answerKey } from "../model/visible.ts";
import type { Adapter } from "../state/adapter.ts";
import type { CachedAnswer } from "../state/completion-cache.ts";
import type { TrainerCore } from "../core/trainer-core.ts";
import { type FeedbackItem, feedbackRequestSchema, trainingFlaws } from "./feedback-request.ts";
import { TrainerApiError, type TrainerExchange, readBody } from "./http.ts";
import { reply } from "./reply.ts";
import { type Batch, update } from "./update.ts";

/** POST /v1/feedback */
export async function feedback(core: TrainerCore, exchange: TrainerExchange): Promise<void> {
  const startedNs = core.io.clockNs();
  const { requests, orchestration } = await readBody(exchange, feedbackRequestSchema);
  const batch = checkedBatch(core, requests);
  const [first] = batch.items;
  const { lora_id } = adapterOf(core, first);
  if (core.faults.strikes("feedback_hang")) return;
  if (core.faults.strikes("feedback_500"))
    throw new TrainerApiError(500, "Feedback update failed in phase 'distill': injected fault feedback_500");
  const isLost = core.faults.strikes("feedback_lost");
  // What the update before this one has left, if it is still there.
  const learned = await core.withLock(lora_id, () => update(core, adapterOf(core, first), batch));
  if (isLost) {
    exchange.response.destroy();
    return;
  }
  const totalMs = Math.round((core.io.clockNs() - startedNs) / 1e6);
  const sleeps = orchestration.sleep_before && core.law.mode !== "tinker";
  reply(core, exchange, {
    status: "ok",
    request_id: core.io.uuid().replaceAll("-", ""),
    lora_id: learned.lora_id,
    distill_result: { lora_id: learned.lora_id, metadata: learned.last },
    vllm: { slept: sleeps, woke: sleeps && orchestration.wake_after },
    feedback_log_path: "",
    timing_ms: { sleep: 0, distill: totalMs, save: 0, wake: 0, logprobs: 0, total: totalMs },
    batch_size: requests.length,
  });
}

function adapterOf(core: TrainerCore, { lora_id }: FeedbackItem): Adapter {
  const adapter = core.adapters.get(lora_id);
  if (adapter === undefined) throw new TrainerApiError(404, `LoRA not found: ${lora_id}`);
  return adapter;
}

function checkedBatch(core: TrainerCore, requests: readonly FeedbackItem[]): Batch {
  const [first, ...others] = requests;
  if (first === undefined) throw new TrainerApiError(422, "requests must contain at least one item");
  checkTraining(first);
  for (const other of others) {
    checkTraining(other);
    if (other.lora_id !== first.lora_id)
      throw new TrainerApiError(400, "all requests must use the same lora_id");
    if (!isDeepStrictEqual(other.training, first.training))
      throw new TrainerApiError(400, "all requests must use the same training config");
  }
  const answers = requests.map(({ response }) => cachedAnswer(core, response));
  return { items: [first, ...others], tokens: answers.reduce((sum, { tokens }) => sum + tokens, 0) };
}

function checkTraining({ training }: FeedbackItem): void {
  const flaws = trainingFlaws(training);
  if (flaws.length > 0) throw new TrainerApiError(422, `invalid training config: ${flaws.join("; ")}`);
}

function cachedAnswer(core: TrainerCore, response: string): CachedAnswer {
  const key = answerKey(response);
  const shown = `content_hash=${key.slice(0, 16)}…`;
  const answer = core.remembered(key);
  if (answer === null) throw new TrainerApiError(404, `No cached completion for ${shown}`);
  if (!answer.has_logprobs) throw new TrainerApiError(422, `Cached completion has no logprobs (${shown})`);
  if (!answer.has_system_prompt)
    throw new TrainerApiError(
      422,
      `Cached completion has no system prompt (${shown}). The chat completion request must include a system message so ` +
        "the teacher can score under the same context as the student.",
    );
  return answer;
}
