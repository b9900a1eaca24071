import { messageOf } from "../../../bench/errors.ts";
import type { EvaluationInput, JudgeEntry, LoadedDomain, Task } from "../contract/domain.ts";
import { evaluate, EvaluationError } from "../evaluation/evaluate.ts";
import type { DatabaseHashes } from "../evaluation/evaluation-error.ts";
import { equal } from "../python/compare.ts";
import { dumpJson } from "../python/json-dump.ts";
import { parseJson } from "../python/json-parse.ts";
import type { PyDict, PyValue } from "../python/value.ts";
import { messagesOf } from "../tasks/task.ts";
import { asDict, asList, asText, asTextOrNull, goldenLines } from "./golden-file.ts";
import type { VerifyInput } from "./input.ts";
import type { RowCounter } from "./row.ts";

interface EvaluationCounters {
  readonly evaluations: RowCounter;
  readonly hashes: RowCounter;
}

/**
 * Evaluates the recorded simulations of `eval_<domain>.jsonl.gz`. Equal means: the same reward info or error, and the
 * judge asked exactly when tau2 asked it.
 */
export function checkEvaluations(
  input: VerifyInput,
  domain: LoadedDomain,
  counters: EvaluationCounters,
): void {
  const tasks = new Map(domain.tasks.map((task) => [task.id, task]));
  let number = 0;
  for (const record of goldenLines(input.goldenDirectory, `eval_${domain.name}.jsonl.gz`)) {
    number++;
    const id = asText(record.get("task_id"));
    const place = `${domain.name} line ${number}, task ${id}, ${asText(record.get("case"))}`;
    const task = tasks.get(id);
    if (task === undefined) {
      counters.evaluations.count(false, () => `${place}: no such task`);
    } else {
      checkEvaluation(domain, { task, record, place }, counters);
    }
  }
}

function checkEvaluation(
  domain: LoadedDomain,
  { task, record, place }: { task: Task; record: PyDict; place: string },
  counters: EvaluationCounters,
): void {
  const judge = new RecordedJudge(record.get("judge") ?? null);
  const simulation = asDict(record.get("simulation"));
  const answer = evaluateRecord(domain, {
    task,
    messages: messagesOf(simulation.get("messages")),
    terminationReason: asText(simulation.get("termination_reason")),
    solo: record.get("solo_mode") === true,
    strictReplay: record.get("strict_replay") === true,
    judge: () => judge.answer(),
  });
  const expected = asDict(record.get("expected"));
  counters.evaluations.count(
    equal(answer.info, expected) && judge.wasAskedAsRecorded,
    () => `${place}: ${dumpJson(answer.info)} instead of ${dumpJson(expected)}`,
  );
  const hashes = record.get("hashes") ?? null;
  if (hashes === null) return;
  const [actualHashes, expectedHashes] = [hashTexts(answer.hashes), goldenHashes(asDict(hashes))];
  counters.hashes.count(
    actualHashes === expectedHashes,
    () => `${place}: ${actualHashes} instead of ${expectedHashes}`,
  );
}

/** The evaluation, and what stands for it in a golden record: the reward info, or type and first line of an error. */
function evaluateRecord(
  domain: LoadedDomain,
  input: EvaluationInput,
): { info: PyValue; hashes: DatabaseHashes | null } {
  try {
    const { dumpText, hashes } = evaluate(domain, input);
    return { info: parseJson(dumpText), hashes };
  } catch (error) {
    const type = error instanceof EvaluationError ? error.pythonType : "bug";
    const [firstLine = ""] = messageOf(error).split("\n");
    const facts: PyDict = new Map([
      ["type", type],
      ["first_line", firstLine],
    ]);
    const hashes = error instanceof EvaluationError ? error.hashes : null;
    return { info: new Map([["error", facts]]), hashes };
  }
}

/** Gives the recorded answers and notes whether it was asked. */
class RecordedJudge {
  readonly #recorded: PyValue;
  #asked = 0;

  constructor(recorded: PyValue) {
    this.#recorded = recorded;
  }

  answer(): JudgeEntry[] {
    this.#asked++;
    if (this.#recorded === null) return [];
    return asList(this.#recorded).map((value) => {
      const entry = asDict(value);
      return {
        nlAssertion: asText(entry.get("expectedOutcome")),
        met: entry.get("metExpectation") === true,
        justification: asText(entry.get("reasoning")),
      };
    });
  }

  get wasAskedAsRecorded(): boolean {
    return this.#asked === (this.#recorded === null ? 0 : 1);
  }
}

function hashTexts(hashes: DatabaseHashes | null): string {
  if (hashes === null) return "none";
  return [hashes.goldAgent, hashes.goldUser, hashes.predictedAgent, hashes.predictedUser].join(" ");
}

function goldenHashes(hashes: PyDict): string {
  const names = ["gold_agent", "gold_user", "predicted_agent", "predicted_user"];
  return names.map((name) => asTextOrNull(hashes.get(name))).join(" ");
}
