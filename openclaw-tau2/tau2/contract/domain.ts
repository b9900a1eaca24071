/**
 * What the rest of the project may know about a tau2 domain. Implementations live in `domains/<name>/`.
 * Arguments travel as raw JSON text, because tau2's results depend on `2.0` against `2` and on key order.
 */
export interface LoadedDomain extends DomainDescription {
  /** Fresh databases (copy on write over what was parsed once); the task's initial state is not yet applied. */
  createEnvironment(options?: EnvironmentOptions): Environment;
}

/** What is known of a domain without its databases, which are most of its memory. */
export interface DomainDescription {
  readonly name: string;
  readonly policy: string;
  /** JSON text of the OpenAI tools array offered to the agent, in tau2's order. */
  readonly agentToolsJson: string;
  /** The same for the user simulator; null when the domain has no user tools. */
  readonly userToolsJson: string | null;
  readonly tasks: readonly Task[];
  /** Names in split_tasks.json -> task ids. Empty when the file is absent. */
  readonly splits: ReadonlyMap<string, readonly string[]>;
  /** The user simulator's system prompt for a task. */
  userSystemPrompt(task: Task): string;
  /** What a task has in place of the domain's own; absent where all tasks have the same. */
  forTask?(task: Task): TaskOffer;
  /** The type of the tool of this name of either side, as tau2's evaluator looks it up; null for an unknown name. */
  toolType(name: string): ToolType | null;
  /** sha256 per input file, for `run.json`. */
  readonly fileHashes: Readonly<Record<string, string>>;
  /** For `run.json`, in place of what the experiment says. */
  readonly facts?: Readonly<Record<string, string>>;
}

/** What a tool does to the databases, in tau2's words. */
export type ToolType = "read" | "write" | "think" | "generic";

/** `userToolsJson` counts only where the task's user has tools. */
export interface TaskOffer {
  readonly policy: string;
  readonly userToolsJson: string;
}

export interface EnvironmentOptions {
  readonly solo?: boolean;
  /** Source of the ids that tools make up; by default each environment starts its own. */
  readonly nextHex8?: () => string;
  /** The task it is for; only banking_knowledge asks, whose log depends on the golden actions. */
  readonly task?: Task;
}

export interface Environment {
  /** Runs one tool call with Python's semantics; a failure is content that starts with `Error: `, never a throw. */
  call(call: EnvironmentCall): EnvironmentReply;
  syncTools(): void;
  /** tau2's `set_state`: initialization data and actions, then replay of a history. Throws `ReplayError` when strict. */
  setState(state: InitialState): void;
  /** `make_tool_call` without the error boundary: init actions, golden actions, assertions. Throws Python's exception. */
  invoke(call: EnvironmentCall): unknown;
  runAssertion(assertion: EnvironmentAssertion): boolean;
  agentHash(): string;
  userHash(): string | null;
  /** Whether a call of this name by this requestor is replayed (`mutates_state`); null when no such tool exists. */
  mutates(name: string, requestor: Requestor): boolean | null;
}

export type Requestor = "assistant" | "user";

export interface EnvironmentCall {
  readonly name: string;
  readonly requestor: Requestor;
  /** JSON text of an object. */
  readonly argumentsText: string;
}

export interface EnvironmentReply {
  readonly content: string;
  readonly error: boolean;
}

export interface EnvironmentAssertion {
  readonly envType: Requestor;
  readonly functionName: string;
  readonly argumentsText: string;
  readonly assertValue: boolean;
}

export interface InitialState {
  /** The task's `initial_state` as JSON text, or null. */
  readonly initialStateText: string | null;
  readonly history: readonly Tau2Message[];
  readonly strict: boolean;
}

/** tau2's messages, with arguments as raw JSON text. */
export type Tau2Message =
  | {
      readonly role: "assistant" | "user";
      readonly content: string | null;
      readonly toolCalls: readonly Tau2ToolCall[] | null;
    }
  | {
      readonly role: "tool";
      readonly id: string;
      readonly content: string | null;
      readonly requestor: Requestor;
      readonly error: boolean;
    };

export interface Tau2ToolCall {
  readonly id: string;
  readonly name: string;
  readonly argumentsText: string;
  readonly requestor: Requestor;
}

/** A task as read from tasks.json. `text` is its JSON, numbers untouched; the rest are the parts others read. */
export interface Task {
  readonly id: string;
  readonly text: string;
  readonly initialStateText: string | null;
  readonly messageHistory: readonly Tau2Message[];
  readonly rewardBasis: readonly string[];
  readonly nlAssertions: readonly string[];
  readonly hasUserTools: boolean;
}

export interface EvaluationInput {
  readonly task: Task;
  readonly messages: readonly Tau2Message[];
  readonly terminationReason: string;
  readonly solo: boolean;
  readonly strictReplay: boolean;
  /** Answers of the judge; null = no judge is available, then tasks with judged assertions stay unjudged. */
  readonly judge: ((assertions: readonly string[], messages: readonly Tau2Message[]) => JudgeEntry[]) | null;
}

export interface JudgeEntry {
  readonly nlAssertion: string;
  readonly met: boolean;
  readonly justification: string;
}
