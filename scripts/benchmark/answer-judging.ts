import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chooseSandbox } from "../../bench/sandbox/choice/choose.ts";
import { insidePath } from "../../bench/sandbox/inside-environment.ts";
import type { ProgramProblem } from "../../suites/code/contract/problem.ts";
import { defaultProgramLimits, type JudgeContext } from "../../suites/code/execution/limits.ts";
import { pythonOf } from "../../suites/code/execution/python-facts.ts";
import { judgeAnswer } from "../../suites/code/judging/judge-answer.ts";
import { scoreNamesOf, scoresOf } from "../../suites/code/judging/scores.ts";
import { medianReading, millisecondsSince, repeatedReading } from "./measurement.ts";
import type { Measurement, Workbench } from "./measurement.ts";

/** HumanEval's size, with ten samples of each problem, on two cores. */
const problems = 164;
const samples = 10;
const atOnce = 2;

/** Judging a program: its sandbox, its Python, its tests. */
export const answerJudging: Measurement = {
  name: "judge",
  measure: async (bench) => {
    const context = await judging(bench);
    const single = await singleRuns(bench, context);
    const seconds = await manyRuns(bench, context);
    return [
      medianReading({ what: "judge: one program, above python3 -c pass", unit: "ms", target: 80 }, single),
      repeatedReading(
        {
          what: `judge: ${problems} problems x ${samples} samples, ${atOnce} at once`,
          unit: "s",
          target: 120,
        },
        [seconds],
      ),
    ];
  },
};

type Place = Omit<JudgeContext, "name">;

async function judging(bench: Workbench): Promise<Place> {
  const workspaces = join(bench.scratch, "programs");
  const scratchDirectory = join(bench.scratch, "sandboxes");
  for (const folder of [workspaces, scratchDirectory]) mkdirSync(folder, { recursive: true });
  const childEnvironment = { PATH: bench.environment["PATH"] ?? insidePath };
  const sandboxes = await chooseSandbox({ kind: "auto" }, { childEnvironment, scratchDirectory, hidden: [] });
  const place = {
    sandboxes,
    workspaces,
    limits: defaultProgramLimits,
    signal: new AbortController().signal,
  };
  await pythonOf(place);
  return place;
}

/** In turn with the bare program, so that what else the machine does falls on both. */
async function singleRuns(bench: Workbench, place: Place): Promise<readonly number[]> {
  const above: number[] = [];
  for (let round = 0; round < (bench.quick ? 5 : 50); round++) {
    const bareNs = bench.nowNs();
    spawnSync("python3", ["-c", "pass"], { env: { PATH: insidePath } });
    const bareMs = millisecondsSince(bench, bareNs);
    const startedNs = bench.nowNs();
    await judgeOne(place, `single-${round}`, round);
    above.push(millisecondsSince(bench, startedNs) - bareMs);
  }
  return above;
}

async function manyRuns(bench: Workbench, place: Place): Promise<number> {
  const count = bench.quick ? 40 : problems * samples;
  let next = 0;
  const startedNs = bench.nowNs();
  const work = async () => {
    while (next < count) {
      const number = next++;
      await judgeOne(place, `many-${number}`, number);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  // Of fewer runs what all would take.
  return ((millisecondsSince(bench, startedNs) / 1000) * problems * samples) / count;
}

/** One in three is wrong, as answers are. */
async function judgeOne(place: Place, name: string, number: number): Promise<void> {
  const problem = problemOf(number);
  const isRight = number % 3 !== 0;
  const text = `Here it is:\n\n\`\`\`python\ndef f(xs):\n    return [x * ${isRight ? number : "0"} for x in xs]\n\`\`\`\n`;
  const judged = await judgeAnswer(problem, { text, finishReason: "stop" }, { ...place, name });
  const [reward] = scoresOf(judged, problem);
  if (reward.passed !== (isRight || number === 0) || scoreNamesOf("program").length === 0)
    throw new Error(`a program was judged ${judged.verdict}: ${judged.message ?? ""}`);
}

function problemOf(number: number): ProgramProblem {
  const lists = Array.from({ length: 7 }, (_, length) => `[${[...Array(length).keys()].join(", ")}]`);
  const source = `def check(candidate):\n${lists.map((list) => `    assert candidate(${list}) == [x * ${number} for x in ${list}]`).join("\n")}\n`;
  return {
    kind: "program",
    id: `times-${number}`,
    prompt: `def f(xs):\n    """Multiply by ${number}."""\n`,
    entryPoint: "f",
    tests: { form: "check", source },
  };
}
