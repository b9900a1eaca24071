import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

interface Call {
  readonly name: string;
  readonly arguments: unknown;
}
interface GoldenRecord {
  readonly task_id: string;
  readonly case: string;
  readonly simulation: { readonly messages: readonly { readonly tool_calls?: readonly Call[] | null }[] };
  readonly expected: { readonly reward?: number };
}
interface TaskFile {
  readonly id: string;
  readonly evaluation_criteria: {
    readonly actions: readonly (Call & { readonly action_id: string })[] | null;
    readonly nl_assertions: readonly string[] | null;
    readonly reward_basis: readonly string[];
  } | null;
}

/** A task that the original scores 0 when nothing is done, and what it scored with one write left out. */
export interface GoldenCase {
  readonly taskId: string;
  /** False where the original asks a judge, whom a sweep does not have: then the reward is null. */
  readonly judged: boolean;
  /** The write that was left out, as `task:action`, and the reward the original gave without it. */
  readonly drop: string;
  readonly rewardWithoutIt: number;
}

/** Recorded results of the original for a domain, out of `tau2/golden` of the shared folder. */
export function goldenCases(shared: string, domain: string): GoldenCase[] {
  const records = gunzipSync(readFileSync(join(shared, "tau2", "golden", `eval_${domain}.jsonl.gz`)))
    .toString("utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as GoldenRecord);
  const recorded = (name: string) =>
    new Map(records.filter((record) => record.case === name).map((record) => [record.task_id, record]));
  const [idle, dropped] = [recorded("e_no_actions"), recorded("b_drop_mutation")];
  const path = join(shared, "tau2", "data", "tau2", "domains", domain, "tasks.json");
  return (JSON.parse(readFileSync(path, "utf8")) as TaskFile[]).flatMap((task) => {
    const without = dropped.get(task.id);
    if (idle.get(task.id)?.expected.reward !== 0 || without?.expected.reward === undefined) return [];
    const criteria = task.evaluation_criteria;
    const judged =
      !criteria?.reward_basis.includes("NL_ASSERTION") || (criteria.nl_assertions ?? []).length === 0;
    return [
      {
        taskId: task.id,
        judged,
        drop: `${task.id}:${leftOut(task, without)}`,
        rewardWithoutIt: without.expected.reward,
      },
    ];
  });
}

/** The golden action whose call the record lacks. */
function leftOut(task: TaskFile, record: GoldenRecord): string {
  const made = record.simulation.messages.flatMap(({ tool_calls }) => tool_calls ?? []);
  const keyOf = ({ name, arguments: args }: Call) => `${name} ${JSON.stringify(args)}`;
  const calls = made.map(keyOf);
  for (const action of task.evaluation_criteria?.actions ?? []) {
    if (calls[0] !== keyOf(action)) return action.action_id;
    calls.shift();
  }
  throw new Error(`the record of task ${task.id} leaves no golden action out`);
}
