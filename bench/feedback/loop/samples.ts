import { messageOf } from "../../errors.ts";
import type { Preference } from "../preferences/preference.ts";
import { TrainerError } from "../trainer/trainer-error.ts";
import type { JournalPage } from "./journal.ts";
import type { LoopParts } from "./loop-parts.ts";
import { seedAt } from "./seeds.ts";

export interface BatchSample {
  readonly prompt: string;
  readonly response: string | null;
  readonly finishReason: string | null;
  readonly failure: string | null;
}

/** The prompts of a batch: those of the preference in their order, from the first again after the last. */
export function promptsOf(
  preference: Pick<Preference, "probes">,
  step: number,
  batchSize: number,
): readonly string[] {
  const { probes } = preference;
  return Array.from(
    { length: batchSize },
    (_, index) => probes[(step * batchSize + index) % probes.length] ?? "",
  );
}

interface Batch {
  readonly preference: Preference;
  readonly loraId: string;
  readonly step: number;
}

/** Answers to the prompts of a step. One that fails is named and takes no other with it. */
export async function collectSamples(
  parts: LoopParts,
  { preference, loraId, step }: Batch,
  page: JournalPage,
): Promise<readonly BatchSample[]> {
  const { settings, answers, cancelled } = parts;
  const prompts = promptsOf(preference, step, settings.batch_size);
  for (const [index, prompt] of prompts.entries()) {
    if (page.all("sample").some((known) => known.index === index)) continue;
    parts.checkpoint();
    parts.phase(`${preference.name}, step ${step}: answer ${index + 1} of ${prompts.length}`);
    const seed = seedAt({ seed: settings.seed, preference: preference.name, step, what: "sample" }, index);
    const question = { prompt, loraId, seed, temperature: settings.mode === "tinker" ? 0.7 : 0 };
    const sample = await asked(() => answers.answer(question, cancelled));
    if (cancelled.aborted) parts.checkpoint();
    if (sample.failure !== null) await parts.assertAlive();
    if (sample.failure !== null)
      parts.tell(
        `warning: ${preference.name}, step ${step}, sample ${index + 1} has no answer: ${sample.failure}`,
      );
    await page.add({ type: "sample", index, prompt, ...sample });
  }
  return page.all("sample").toSorted((a, b) => a.index - b.index);
}

type Asked = Omit<BatchSample, "prompt">;

async function asked(
  ask: () => Promise<{ readonly text: string; readonly finishReason: string | null }>,
): Promise<Asked> {
  try {
    const { text, finishReason } = await ask();
    if (text.trim() !== "") return { response: text, finishReason, failure: null };
    return { response: null, finishReason, failure: "the answer has no text" };
  } catch (error) {
    if (!(error instanceof TrainerError)) throw error;
    return { response: null, finishReason: null, failure: messageOf(error) };
  }
}
