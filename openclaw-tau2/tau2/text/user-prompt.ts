import { join } from "node:path";
import { z } from "zod";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import { readPromptFile } from "./prompt-file.ts";
import { indentLines } from "./python-text.ts";

/** The two guideline texts of a data folder. */
export interface UserGuidelines {
  readonly withoutTools: string;
  readonly withTools: string;
}

/** The parts of a task that this module reads. */
export interface ScenarioTask {
  readonly id: string;
  /** The task's JSON. */
  readonly text: string;
}

export interface UserPromptParts {
  readonly guidelines: UserGuidelines;
  readonly task: ScenarioTask;
  /** Whether the simulated user is offered at least one tool. */
  readonly hasUserTools: boolean;
}

const optionalText = z.string().nullish();

const scenarioSchema = z.object({
  user_scenario: z.object({
    persona: optionalText,
    instructions: z.union([
      z.string(),
      z.object({
        domain: z.string(),
        reason_for_call: z.string(),
        known_info: optionalText,
        unknown_info: optionalText,
        task_instructions: z.string(),
      }),
    ]),
  }),
});

type Instructions = z.infer<typeof scenarioSchema>["user_scenario"]["instructions"];

/** Files below a data folder (the one that holds `tau2/`) that make up the user simulator's prompt. */
export const USER_GUIDELINE_FILES = {
  withoutTools: "tau2/user_simulator/simulation_guidelines.md",
  withTools: "tau2/user_simulator/simulation_guidelines_tools.md",
} as const;

/** Reads both guideline files. Throws `ConfigError` naming the file that is missing or unreadable. */
export function readUserGuidelines(dataDirectory: string): UserGuidelines {
  const read = (file: string): string => readPromptFile(join(dataDirectory, file), "user guidelines");
  return {
    withoutTools: read(USER_GUIDELINE_FILES.withoutTools),
    withTools: read(USER_GUIDELINE_FILES.withTools),
  };
}

/** The task's user scenario as tau2 renders it. Throws `ConfigError` when the task has no valid scenario. */
export function userScenarioText(task: ScenarioTask): string {
  const { persona, instructions } = parseScenario(task);
  const lines = typeof persona === "string" ? ["Persona:", indentLines(persona, "\t")] : [];
  return [...lines, "Instructions:", indentLines(instructionsText(instructions), "\t")].join("\n");
}

/** The complete system prompt of the user simulator. */
export function userSystemPrompt({ guidelines, task, hasUserTools }: UserPromptParts): string {
  const text = hasUserTools ? guidelines.withTools : guidelines.withoutTools;
  // The placeholder belongs to voice guidelines; text runs have no persona configuration and put nothing there.
  const plain = text.replaceAll("<PERSONA_GUIDELINES>", "");
  return `${plain}\n\n<scenario>\n${userScenarioText(task)}\n</scenario>`;
}

function instructionsText(instructions: Instructions): string {
  if (typeof instructions === "string") return instructions;
  const block = (label: string, text: string): string => `${label}:\n${indentLines(text, "\t")}`;
  const { known_info: known, unknown_info: unknown } = instructions;
  return [
    `Domain: ${instructions.domain}`,
    block("Reason for call", instructions.reason_for_call),
    ...(typeof known === "string" ? [block("Known info", known)] : []),
    ...(typeof unknown === "string" ? [block("Unknown info", unknown)] : []),
    block("Task instructions", instructions.task_instructions),
  ].join("\n");
}

function parseScenario(task: ScenarioTask): z.infer<typeof scenarioSchema>["user_scenario"] {
  let value: unknown;
  try {
    value = JSON.parse(task.text);
  } catch (error) {
    throw new ConfigError(`Task ${task.id} is not JSON: ${messageOf(error)}. Fetch the task file again.`, {
      cause: error,
    });
  }
  const parsed = scenarioSchema.safeParse(value);
  if (parsed.success) return parsed.data.user_scenario;
  throw new ConfigError(`Task ${task.id} has no valid user_scenario:\n${z.prettifyError(parsed.error)}`, {
    cause: parsed.error,
  });
}
