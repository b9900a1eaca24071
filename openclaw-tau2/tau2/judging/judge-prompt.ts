import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import type { Tau2Message } from "../contract/domain.ts";
import { pyRepr } from "../python/repr.ts";
import { readStringConstant } from "../schemas/string-constant.ts";

/** Where the judge's system prompt may come from. The first that is given and exists is used, in this order. */
export interface JudgePromptSources {
  /** A tau2-bench checkout: its evaluator's own text is read. */
  readonly checkoutDirectory?: string | null;
  /** `judge_prompts.json` beside the golden files, which quotes it. */
  readonly promptsFile?: string | null;
}

const JUDGE_SOURCE = "src/tau2/evaluator/evaluator_nl_assertions.py";
const INDENT = " ".repeat(8);
const promptsSchema = z.object({ system_prompt: z.string() });

/** tau2's system prompt of the judge. Throws `ConfigError` when no source has it. */
export function readJudgeSystemPrompt({ checkoutDirectory, promptsFile }: JudgePromptSources): string {
  if (typeof checkoutDirectory === "string") {
    const source = join(checkoutDirectory, JUDGE_SOURCE);
    if (existsSync(source)) return readStringConstant(source, "system_prompt");
  }
  if (typeof promptsFile === "string" && existsSync(promptsFile)) return systemPromptOf(promptsFile);
  throw new ConfigError(
    "The judge's system prompt is part of tau2-bench and was not found. Set TAU2_CHECKOUT to a checkout of " +
      "tau2-bench, or name a judge_prompts.json that quotes it.",
  );
}

/** tau2's user prompt of the judge: the whole transcript and the assertions as a Python list. */
export function judgeUserPrompt(messages: readonly Tau2Message[], assertions: readonly string[]): string {
  const transcript = messages.map(({ role, content }) => `${role}: ${content ?? "None"}`).join("\n");
  return judgePromptOf(transcript, assertions);
}

/** The same around a transcript that is text already, one `role: content` per message. */
export function judgePromptOf(transcript: string, assertions: readonly string[]): string {
  const lines = ["", "conversation:", transcript, "", "expectedOutcomes:", pyRepr([...assertions]), ""];
  return lines.join(`\n${INDENT}`);
}

function systemPromptOf(path: string): string {
  try {
    return promptsSchema.parse(JSON.parse(readFileSync(path, "utf8"))).system_prompt;
  } catch (error) {
    throw new ConfigError(
      `${path} quotes no system prompt of the judge: ${messageOf(error)}. Fetch it again.`,
      {
        cause: error,
      },
    );
  }
}
