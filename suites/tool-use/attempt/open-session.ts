import type { AgentSessionRequest } from "../../../bench/agent/agent.ts";
import { samplingFields } from "../../../bench/agent/sampling.ts";
import type { OpenEpisode } from "../../../bench/tools/server.ts";
import type { Endpoint } from "../../../bench/transcript/endpoint.ts";
import type { Fault } from "../contract/case.ts";
import { parseArguments } from "../contract/parse-json.ts";
import type { CasePlace } from "../place/open-place.ts";
import type { ToolUseTools } from "../tools/tool-use-tools.ts";
import type { ToolUseParts } from "./parts.ts";

export interface CaseSessionOpening {
  readonly episodeId: string;
  readonly attemptKey: string;
  readonly endpoint: Endpoint;
  readonly seed: number;
  readonly caseId: string;
  readonly faults: readonly Fault[];
}

/** Answers with calls after which nobody believes that a model will come to an end. */
export const roundsMax = 100;

/** What every agent is told beside the tools. */
export const systemPrompt = [
  "You work for a user by calling tools. Paths are relative to the working folder.",
  "Call a tool only where it is needed, with exactly what was asked for. When a call fails, try what else may work.",
  "At the end say in plain words what you have done or found; say so when something could not be done, and invent nothing.",
].join("\n");

/** Makes a session known to the tool server, from which agents learn of theirs. */
export async function openSession(
  { experiment, context, file, toolServer }: ToolUseParts,
  { sandbox, shopUrl }: Pick<CasePlace, "sandbox" | "shopUrl">,
  { episodeId, attemptKey, endpoint, seed, caseId, faults }: CaseSessionOpening,
): Promise<{ readonly open: OpenEpisode<ToolUseTools>; readonly request: AgentSessionRequest }> {
  const { limits } = experiment;
  const sampling = samplingFields(experiment.sampling, seed);
  const open = await toolServer.openEpisode({
    episodeId,
    attemptKey,
    settings: { declared: file.tools },
    taskId: caseId,
    attempt: { workspace: { enter: sandbox.enter([]) }, shop: { url: shopUrl }, faults },
    limits: {
      maxSteps: 2 * roundsMax,
      maxErrors: Number.MAX_SAFE_INTEGER,
      callTimeoutMs: limits.callSeconds * 1000,
    },
    session: {
      baseUrl: endpoint.baseUrl,
      headers: { ...endpoint.headers, authorization: `Bearer ${endpoint.apiKey}` },
      sampling,
      prompt: context.agent.prompt,
      greeting: null,
      system: systemPrompt,
    },
  });
  const request: AgentSessionRequest = {
    episodeId,
    attemptKey,
    endpoint,
    sampling,
    system: systemPrompt,
    tools: open.opened.agentToolsJson,
    greeting: null,
    acceptsArguments: (text) => parseArguments(text) !== null,
    turnTimeoutMs: Math.min(limits.turnSeconds, limits.episodeSeconds) * 1000,
  };
  return { open, request };
}
