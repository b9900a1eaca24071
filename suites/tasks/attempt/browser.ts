import type { AgentFacts } from "../../../bench/agent/agent.ts";
import type { WorkspaceTask } from "../contract/task.ts";

type Asking = Pick<WorkspaceTask, "browser">;

/** Whether an agent of ours works in the sandbox; of a gateway that runs elsewhere nobody here knows what it has. */
const isOurs = ({ workspaceRoot }: AgentFacts) => workspaceRoot === undefined;

/** Whether a task asks for a browser that this agent does not have, wherever it runs. */
export function lacksBrowser({ browser }: Asking, agent: AgentFacts): boolean {
  return browser && isOurs(agent) && !agent.ownTools.includes("browser");
}

/** What a task needs in the sandbox: its own programs, and those of the agent's browser where it asks for one. */
export function programsFor(
  { programs, browser }: Pick<WorkspaceTask, "programs" | "browser">,
  agent: AgentFacts,
): readonly string[] {
  return browser ? [...new Set([...programs, ...(agent.browserPrograms ?? [])])] : programs;
}

/** Tools of its own that an agent is given in a run: a browser where a task asks for one, so that other runs are what they were. */
export function ownToolsFor(tasks: readonly Asking[], { ownTools }: AgentFacts): readonly string[] {
  const asked = tasks.some(({ browser }) => browser);
  return ownTools.filter((name) => name !== "browser" || asked);
}

/** Why tasks that ask for a browser cannot be done in a run; null: they can. @param missing programs that the sandbox lacks */
export function noBrowserBecause(agent: AgentFacts, missing: readonly string[]): string | null {
  if (lacksBrowser({ browser: true }, agent)) return `agent ${agent.name} has no browser here`;
  const lacking = (agent.browserPrograms ?? []).filter((program) => missing.includes(program));
  return lacking.length === 0
    ? null
    : `the agent's browser needs ${lacking.join(" and ")}, which the sandbox lacks`;
}
