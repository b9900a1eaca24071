import { setTimeout as sleep } from "node:timers/promises";
import { logOdds, oddsOf, weightOf } from "../law/curve.ts";
import type { Law } from "../law/law-schema.ts";
import type { Adapter } from "../state/adapter.ts";
import type { TrainerCore } from "../core/trainer-core.ts";
import type { FeedbackItem } from "./feedback-request.ts";

/** The batch of one update. */
export interface Batch {
  readonly items: readonly [FeedbackItem, ...FeedbackItem[]];
  /** Generated tokens of its answers. */
  readonly tokens: number;
}

/** Takes the time of an update and makes it: an adapter that has learned, stored before anybody hears of it. */
export async function update(core: TrainerCore, adapter: Adapter, batch: Batch): Promise<Adapter> {
  let learned = adapter;
  await core.turns.train(async () => {
    await sleep(core.law.training.update_ms / 2);
    const count = core.adapters.updates() + 1;
    if (core.faults.strikesAt("die_in_update", count)) core.dieOnce("died-in-update");
    await sleep(core.law.training.update_ms / 2);
    // First, so that a kill between the two leaves an update that is not made, and none that nobody is answered with.
    if (core.law.mode === "tinker") core.adapters.useSampler(adapter.lora_id);
    learned = core.adapters.put(afterUpdate(core.law, adapter, batch));
    core.metrics.updated();
    if (core.faults.strikesAt("die_after_update", count)) core.dieOnce("died-after-update");
  });
  return learned;
}

function afterUpdate(law: Law, adapter: Adapter, { items, tokens }: Batch): Adapter {
  const weight = weightOf(items[0].training.learning_rate);
  const taught = Object.entries(law.preferences)
    .filter(([, { feedback }]) => items.some((item) => new RegExp(feedback, "iu").test(item.feedback)))
    .map(([name]) => name);
  const gaps = taught.map((name) => {
    const learnt = law.preferences[name];
    return learnt === undefined ? 1 : 1 - oddsOf(logOdds(learnt, adapter.learned[name] ?? 0)).p;
  });
  /** Mean probability that an answer does not follow what is taught; null where the feedback teaches nothing known. */
  const gap = gaps.length === 0 ? null : gaps.reduce((sum, one) => sum + one, 0) / gaps.length;
  const learned = Object.fromEntries(taught.map((name) => [name, (adapter.learned[name] ?? 0) + weight]));
  const updates = adapter.updates + 1;
  const told = { law, items, tokens, gap, weight: weight * updates, updates };
  return {
    ...adapter,
    updates,
    learned: { ...adapter.learned, ...learned },
    trained_tokens: adapter.trained_tokens + tokens,
    last: law.mode === "tinker" ? tinkerMetadata(told) : localMetadata(told),
  };
}

interface Told extends Batch {
  readonly law: Law;
  readonly gap: number | null;
  readonly weight: number;
  readonly updates: number;
}

function localMetadata({ items, tokens, gap, weight }: Told) {
  const { kl_reg_weight, is_clip, max_grad_norm } = items[0].training;
  const kl = 0.01 * weight;
  const ratio = 1 + 0.02 * weight;
  return {
    total_loss: gap === null ? null : gap + kl_reg_weight * kl,
    distill_loss: gap,
    kl_reg: kl,
    mean_is_ratio: ratio,
    clip_fraction: ratio > is_clip ? 1 - is_clip / ratio : 0,
    grad_norm: gap === null ? null : Math.min(max_grad_norm, gap),
    tokens_processed: tokens,
    batch_size: items.length,
  };
}

function tinkerMetadata({ items, tokens, gap, updates }: Told) {
  const { alpha, learning_rate } = items[0].training;
  const raw = gap === null ? null : 0.12 * gap;
  const gain = raw === null || raw === 0 ? 1 : Math.min(Math.max(0.03 / raw, 1), 4);
  const scaled = raw === null ? null : alpha * gain * raw;
  return {
    step: updates,
    batch_size: items.length,
    completion_len: tokens,
    effective_kl_coef: alpha * gain,
    kl_gain: gain,
    adv_mean: scaled,
    adv_abs_mean: scaled,
    kl_mean: raw,
    adv_abs_mean_raw: raw,
    lr: learning_rate,
    loss_fn: "importance_sampling",
  };
}
