import type { AgentDriver } from "../../../bench/agent/agent.ts";
import type { ToolServer } from "../../../bench/tools/server.ts";
import type { WorkloadContext } from "../../../bench/workload/workload.ts";
import type { CaseFile } from "../cases/read-cases.ts";
import type { ToolUseExperiment } from "../contract/section.ts";
import type { CasePlaceMaker } from "../place/open-place.ts";
import type { ToolUseTools } from "../tools/tool-use-tools.ts";

/** What all attempts of a run share. */
export interface ToolUseParts {
  readonly experiment: ToolUseExperiment;
  readonly context: WorkloadContext;
  readonly file: CaseFile;
  readonly maker: CasePlaceMaker;
  readonly toolServer: ToolServer<ToolUseTools>;
  readonly driver: AgentDriver;
}
