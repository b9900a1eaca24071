/** A value of JSON as it was written; whole numbers beyond what a double holds are `bigint`. */
export type WrittenValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly WrittenValue[]
  | { readonly [key: string]: WrittenValue };

export type WrittenRecord = Readonly<Record<string, WrittenValue>>;

/** A call that a case expects. A value of `params` may be a matcher, `{"$oneOf": […]}`; see scoring/compare.ts. */
export interface ExpectedCall {
  readonly tool: string;
  readonly params: WrittenRecord;
  /** True where the call itself is to fail, e.g. because what it asks for is not there. */
  readonly fails: boolean;
}

/** How far two numbers may be apart. Whole numbers of a case without one must be equal. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** A tool error that is injected: the tool is not executed, and the model is told this instead. */
export interface Fault {
  readonly tool: string;
  /** Which calls of that tool fail, 1-based; null: each of them. */
  readonly calls: readonly number[] | null;
  readonly content: string;
}

/** What holds when a case is done, beside that its other files are as they were. */
export interface StateChecks {
  /** By path: a text or a matcher of it; null: there is no such file. */
  readonly files: Readonly<Record<string, WrittenValue>>;
  /** Records of the service's lists: how many there are that have these values. */
  readonly service: readonly {
    readonly list: string;
    readonly where: WrittenRecord;
    readonly count: number;
  }[];
  /** By name of a process: whether it still runs. */
  readonly processes: Readonly<Record<string, boolean>>;
}

/** What the model's last words hold. */
export interface AnswerChecks {
  /** Each of them is in it, whatever the case of letters; of a list one is. */
  readonly contains: readonly (readonly string[])[];
  readonly lacks: readonly string[];
  /** Numbers that it says, within the case's tolerance. */
  readonly numbers: readonly number[];
}

/** A tool that a file of cases brings: a command that gets the arguments on its standard input, in the case's sandbox. */
export interface DeclaredTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly run: string;
}

/** What is there before the model is asked. */
export interface CaseSetup {
  readonly files: Readonly<Record<string, string>>;
  /** Names of processes that run. */
  readonly processes: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Records that the service begins with, by list, in place of its own. */
  readonly service: Readonly<Record<string, readonly WrittenRecord[]>>;
}

export interface ToolUseCase {
  readonly id: string;
  readonly prompt: string;
  readonly category: string;
  readonly difficulty: string;
  readonly expected: readonly ExpectedCall[];
  /** Whether the expected calls must come in this order. */
  readonly inOrder: boolean;
  /** Tools whose further calls count for nothing, e.g. those that only look. */
  readonly allowed: readonly string[];
  readonly tolerance: Tolerance;
  readonly setup: CaseSetup;
  readonly faults: readonly Fault[];
  /** null: nothing is said of the state, or of the answer. */
  readonly state: StateChecks | null;
  readonly answer: AnswerChecks | null;
}

/** The five categories of the plan; others are shown as they are written. */
export const categories = ["files", "system", "api", "multi-step", "error-handling"] as const;

/** Whether a case can be done by calls that are all made before the first result is seen. */
export function needsResults({ category, expected, faults }: ToolUseCase): boolean {
  return (
    faults.length > 0 || category === "multi-step" || category === "error-handling" || expected.length > 1
  );
}
