import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import { readStringConstant } from "../schemas/string-constant.ts";
import { readPromptFile } from "./prompt-file.ts";
import { formatTemplate } from "./python-text.ts";

/** Where the native agent's instruction may come from. The first that is given and exists is used, in this order. */
export interface AgentPromptSources {
  /** A tau2-bench checkout: its own constants are read. */
  readonly checkoutDirectory?: string | null;
  /** `policies.json` beside the golden files, which quotes the instruction. */
  readonly policiesFile?: string | null;
  /** Our own instruction, for a data folder that is not tau2's. */
  readonly instructionFile?: string | null;
}

/** The native agent's prompt without the policy. */
export interface AgentPrompt {
  readonly instruction: string;
  readonly template: string;
  /** The file that the instruction was read from. */
  readonly source: string;
}

const AGENT_SOURCE = "src/tau2/agent/llm_agent.py";
const TEMPLATE = "<instructions>\n{agent_instruction}\n</instructions>\n<policy>\n{domain_policy}\n</policy>";
const policiesSchema = z.object({ agent_instruction: z.object({ text: z.string() }) });

/** Reads the instruction of tau2's LLM agent. Throws `ConfigError` when no source has it. */
export function readAgentPrompt(sources: AgentPromptSources): AgentPrompt {
  const checkoutFile = optionalPath(sources.checkoutDirectory, AGENT_SOURCE);
  if (checkoutFile !== null) {
    const instruction = readStringConstant(checkoutFile, "AGENT_INSTRUCTION");
    return { instruction, template: readStringConstant(checkoutFile, "SYSTEM_PROMPT"), source: checkoutFile };
  }
  const policiesFile = optionalPath(sources.policiesFile);
  if (policiesFile !== null) {
    return { instruction: instructionOf(policiesFile), template: TEMPLATE, source: policiesFile };
  }
  const own = optionalPath(sources.instructionFile);
  if (own !== null) {
    return { instruction: readPromptFile(own, "agent instruction").trim(), template: TEMPLATE, source: own };
  }
  throw new ConfigError(
    "The native agent's instruction is part of tau2-bench and was not found. Set TAU2_CHECKOUT to a checkout " +
      "of tau2-bench, or put a policies.json that quotes it beside the tool schemas.",
  );
}

/** The system prompt of tau2's LLM agent for a policy. */
export function agentSystemPrompt(prompt: AgentPrompt, policy: string): string {
  return formatTemplate(prompt.template, { agent_instruction: prompt.instruction, domain_policy: policy });
}

/** The system prompt of tau2's solo agent, whose texts exist in a checkout only. Throws `ConfigError` without one. */
export function soloAgentSystemPrompt(
  checkoutDirectory: string,
  parts: { readonly policy: string; readonly ticket: string | null },
): string {
  const file = join(checkoutDirectory, AGENT_SOURCE);
  const instruction = formatTemplate(readStringConstant(file, "AGENT_SOLO_INSTRUCTION"), {
    stop_function_name: "done",
    stop_token: "###STOP###",
  });
  return formatTemplate(readStringConstant(file, "SYSTEM_PROMPT_SOLO"), {
    agent_instruction: instruction,
    domain_policy: parts.policy,
    ticket: parts.ticket ?? "None",
  });
}

function optionalPath(base: string | null | undefined, file = ""): string | null {
  if (base === null || base === undefined) return null;
  const path = join(base, file);
  return existsSync(path) ? path : null;
}

function instructionOf(path: string): string {
  try {
    return policiesSchema.parse(JSON.parse(readFileSync(path, "utf8"))).agent_instruction.text;
  } catch (error) {
    throw new ConfigError(`${path} quotes no agent instruction: ${messageOf(error)}. Fetch the file again.`, {
      cause: error,
    });
  }
}
