import type { AgentDriver } from "../../../bench/agent/agent.ts";
import type { ToolServer } from "../../../bench/tools/server.ts";
import type { WorkloadContext } from "../../../bench/workload/workload.ts";
import type { LoadedSuite } from "../contract/loaded-suite.ts";
import type { TasksExperiment } from "../contract/section.ts";
import type { WorkspaceTools } from "../tools/workspace-tools.ts";
import type { PlaceMaker } from "../workspace/open-place.ts";
import type { TaskJudge } from "../scoring/judge.ts";

/** What all attempts of a run share. */
export interface TasksParts {
  readonly experiment: TasksExperiment;
  readonly context: WorkloadContext;
  readonly suite: LoadedSuite;
  readonly maker: PlaceMaker;
  readonly toolServer: ToolServer<WorkspaceTools>;
  readonly driver: AgentDriver;
  /** Whether the workload's own tools are served: the agent has none. */
  readonly served: boolean;
  /** null: the experiment names none. */
  readonly judge: TaskJudge | null;
  /** Why tasks that ask for a browser are not attempted; null: they are. */
  readonly noBrowser: string | null;
}
