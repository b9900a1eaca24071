import { join } from "node:path";
import { z } from "zod";
import type { PyDict, PyValue } from "../python/value.ts";
import { readAgentPrompt, agentSystemPrompt, soloAgentSystemPrompt } from "../text/agent-prompt.ts";
import { readPolicy } from "../text/policy.ts";
import type { PolicyVariant } from "../text/policy.ts";
import { readUserGuidelines } from "../text/user-prompt.ts";
import { asDict, asList, asText, goldenJson, hasGoldenFile } from "./golden-file.ts";
import type { VerifyInput } from "./input.ts";
import { RowCounter } from "./row.ts";
import type { VerifyRow } from "./row.ts";
import { hasGoldenHash } from "./text-hash.ts";

const FILE = "policies.json";
const WORKFLOW = "-workflow";
const ticketSchema = z.object({ ticket: z.string().nullish() });

interface Text {
  readonly domain: string;
  readonly label: string;
  readonly text: string;
  /** The golden entry that holds its hash. */
  readonly golden: PyValue | undefined;
}

/**
 * Policies of every variant, the native agents' system prompts with them, the guidelines and the instruction. The solo
 * agent's prompts are made of texts that only a checkout has; without one they are not counted.
 */
export function checkPolicies(input: VerifyInput): VerifyRow[] {
  if (!hasGoldenFile(input.goldenDirectory, FILE)) return [];
  const golden = asDict(goldenJson(input.goldenDirectory, FILE));
  const counters = new Map<string, RowCounter>();
  const texts = [...policyTexts(input, golden), ...soloTexts(input, golden), ...sharedTexts(input, golden)];
  for (const { domain, label, text, golden: entry } of texts) {
    const counter = counters.get(domain) ?? new RowCounter(domain, "policies");
    counters.set(domain, counter);
    counter.count(hasGoldenHash(text, entry), () => `${label} is another text`);
  }
  return [...counters.values()].map((counter) => counter.row());
}

function policyTexts(input: VerifyInput, golden: PyDict): Text[] {
  const prompt = readAgentPrompt(promptSources(input));
  return entriesOf(golden, "policies").flatMap(([label, entry]) => {
    const variant = variantOf(label);
    if (!isWanted(input, variant.domain)) return [];
    const { domain } = variant;
    const policy = readPolicy(input.dataDirectory, variant);
    const agentEntry = asDict(golden.get("llm_agent_system_prompt")).get(label);
    const text = agentSystemPrompt(prompt, policy);
    return [
      { domain, label: `policy of ${label}`, text: policy, golden: entry },
      ...(agentEntry === undefined
        ? []
        : [{ domain, label: `prompt of ${label}`, text, golden: agentEntry }]),
    ];
  });
}

function soloTexts(input: VerifyInput, golden: PyDict): Text[] {
  const { checkout } = input;
  if (checkout === null) return [];
  return asList(golden.get("llm_solo_agent_system_prompt") ?? []).flatMap((value) => {
    const entry = asDict(value);
    const domain = asText(entry.get("domain"));
    if (!isWanted(input, domain)) return [];
    const taskId = asText(entry.get("task_id"));
    const task = input.load(dataDomain(domain)).tasks.find(({ id }) => id === taskId);
    const ticket = task === undefined ? null : (ticketSchema.parse(JSON.parse(task.text)).ticket ?? null);
    const policy = readPolicy(input.dataDirectory, { domain, solo: true });
    const text = soloAgentSystemPrompt(checkout, { policy, ticket });
    return [{ domain, label: `solo prompt of ${taskId}`, text, golden: entry }];
  });
}

function sharedTexts(input: VerifyInput, golden: PyDict): Text[] {
  const { withTools, withoutTools } = readUserGuidelines(input.dataDirectory);
  const { instruction } = readAgentPrompt(promptSources(input));
  const guidelines = asDict(golden.get("user_guidelines"));
  const domain = "all";
  return [
    { domain, label: "guidelines without tools", text: withoutTools, golden: guidelines.get("no_tools") },
    { domain, label: "guidelines with tools", text: withTools, golden: guidelines.get("with_tools") },
    { domain, label: "agent instruction", text: instruction, golden: golden.get("agent_instruction") },
  ];
}

function promptSources({ checkout, goldenDirectory }: VerifyInput) {
  return { checkoutDirectory: checkout, policiesFile: join(goldenDirectory, FILE) };
}

function entriesOf(golden: PyDict, key: string): [string, PyValue][] {
  return [...asDict(golden.get(key))];
}

/** `telecom (solo)` -> its variant. */
function variantOf(label: string): PolicyVariant & { readonly solo: boolean } {
  const domain = label.replace(/ \(solo\)$/u, "");
  return { domain, solo: domain !== label };
}

/** `telecom-workflow` has telecom's data. */
function dataDomain(domain: string): string {
  return domain.endsWith(WORKFLOW) ? domain.slice(0, -WORKFLOW.length) : domain;
}

function isWanted(input: VerifyInput, domain: string): boolean {
  return input.domains.includes(dataDomain(domain));
}
