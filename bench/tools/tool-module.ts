/** What a workload and its own tool module say to each other through the tool server, which only passes it on. */
export interface ToolTypes {
  /** Which tools and data; equal settings are loaded once per worker. */
  readonly settings: object;
  /** What belongs to one attempt alone, e.g. its folder; absent: the task says all. */
  readonly attempt?: unknown;
  /** What the workload has to know of a task that was opened. */
  readonly opened: OfferedTools;
  readonly request: unknown;
  readonly judgement: unknown;
}

export interface OfferedTools {
  /** System message of the agent, unless the workload names another one. */
  readonly policy: string;
  /** JSON text of the OpenAI tools array offered to the agent. */
  readonly agentToolsJson: string;
}

/**
 * A workload's tools, as a worker thread imports them by URL: the module's exports. The tool server itself knows no tools.
 * Settings, what was opened, requests and judgements travel between threads: they must be structured-cloneable.
 */
export interface ToolModule<Types extends ToolTypes = ToolTypes> {
  /** Loads what all episodes with these settings share. */
  load(settings: Types["settings"]): ToolSource<Types> | Promise<ToolSource<Types>>;
}

export interface ToolSource<Types extends ToolTypes = ToolTypes> {
  /** A fresh environment for one attempt of a task. Throws when there is no such task. */
  open(taskId: string, attempt: Types["attempt"]): ToolEnvironment<Types>;
}

/** The state that one attempt's tool calls change. */
export interface ToolEnvironment<Types extends ToolTypes = ToolTypes> {
  readonly opened: Types["opened"];
  /**
   * Runs one tool. A failure of the tool is content, never a throw: what is thrown is a bug, and costs the episode its reward.
   * A tool that waits for something else returns a promise and looks after its own time; other episodes' calls go on.
   */
  call(call: EnvironmentCall): EnvironmentReply | Promise<EnvironmentReply>;
  /** Of the state, by side; null where the user has none. */
  hashes(): { readonly agentHash: string; readonly userHash: string | null };
  /** Judges the attempt. */
  evaluate(request: Types["request"]): Types["judgement"] | Promise<Types["judgement"]>;
}

/** Who asks for a tool. */
export type Requestor = "assistant" | "user";

export interface EnvironmentCall {
  readonly name: string;
  readonly requestor: Requestor;
  /** The argument text exactly as the model wrote it. */
  readonly argumentsText: string;
}

export interface EnvironmentReply {
  readonly content: string;
  readonly error: boolean;
}
