import { join } from "node:path";
import { ConfigError } from "../../../bench/errors.ts";
import { judgePromptOf, judgeUserPrompt, readJudgeSystemPrompt } from "../judging/judge-prompt.ts";
import type { LoadedDomain } from "../contract/domain.ts";
import type { PyDict } from "../python/value.ts";
import { messagesOf } from "../tasks/task.ts";
import { asDict, asList, asText, goldenJson, goldenLines, hasGoldenFile } from "./golden-file.ts";
import type { VerifyInput } from "./input.ts";
import { RowCounter } from "./row.ts";
import type { VerifyRow } from "./row.ts";
import { textHash } from "./text-hash.ts";

const FILE = "judge_prompts.json";
/** The only domain whose tasks have judged assertions in their basis; the quoted prompts are of its tasks. */
const EXAMPLES_DOMAIN = "retail";

/** The judge's system prompt, and the user prompt of every golden episode for which tau2 asked the judge. */
export function checkJudge(input: VerifyInput): VerifyRow[] {
  const { goldenDirectory, checkout } = input;
  if (!hasGoldenFile(goldenDirectory, FILE)) return [];
  const promptsFile = join(goldenDirectory, FILE);
  const systemHash = textHash(readJudgeSystemPrompt({ checkoutDirectory: checkout, promptsFile }));
  return input.domains.flatMap((name) => {
    const counter = new RowCounter(name, "judge");
    if (name === EXAMPLES_DOMAIN) {
      const golden = asDict(goldenJson(goldenDirectory, FILE));
      checkExamples({ golden, systemHash, domain: input.load(name) }, counter);
    }
    checkEpisodes({ input, systemHash, name }, counter);
    const row = counter.row();
    return row.total === 0 ? [] : [row];
  });
}

interface Episodes {
  readonly input: VerifyInput;
  readonly systemHash: string;
  readonly name: string;
}

function checkEpisodes({ input, systemHash, name }: Episodes, counter: RowCounter): void {
  const file = `eval_${name}.jsonl.gz`;
  if (!hasGoldenFile(input.goldenDirectory, file)) return;
  for (const record of goldenLines(input.goldenDirectory, file)) {
    const expected = record.get("judge_prompt") ?? null;
    if (expected === null) continue;
    const isEqual =
      textHash(episodePrompt(record, input.load(name))) === asText(asDict(expected).get("user_sha256")) &&
      systemHash === asText(asDict(expected).get("system_sha256"));
    counter.count(isEqual, () => `task ${asText(record.get("task_id"))}, case ${asText(record.get("case"))}`);
  }
}

interface Examples {
  readonly golden: PyDict;
  readonly systemHash: string;
  readonly domain: LoadedDomain;
}

function checkExamples({ golden, systemHash, domain }: Examples, counter: RowCounter): void {
  counter.count(systemHash === asText(golden.get("system_sha256")), () => "the system prompt");
  for (const value of asList(golden.get("examples"))) {
    const example = asDict(value);
    const hash = textHash(rebuiltPrompt(example, domain));
    counter.count(
      hash === example.get("user_sha256"),
      () => `example of task ${asText(example.get("task_id"))}`,
    );
  }
}

function episodePrompt(record: PyDict, domain: LoadedDomain): string {
  const messages = messagesOf(asDict(record.get("simulation")).get("messages"));
  return judgeUserPrompt(messages, assertionsOf(record, domain));
}

/** An example's episode is not always among the golden ones, so its transcript is taken from the prompt itself. */
function rebuiltPrompt(example: PyDict, domain: LoadedDomain): string {
  const text = asText(example.get("user_prompt"));
  const [before = "", after = ""] = judgePromptOf("\0", []).split("\0");
  const end = text.lastIndexOf(after.slice(0, after.indexOf("[")));
  return judgePromptOf(text.slice(before.length, end), assertionsOf(example, domain));
}

function assertionsOf(record: PyDict, domain: LoadedDomain): readonly string[] {
  const taskId = asText(record.get("task_id"));
  const task = domain.tasks.find(({ id }) => id === taskId);
  if (task !== undefined) return task.nlAssertions;
  throw new ConfigError(
    `Task ${taskId} of the golden files is not in ${domain.name}. Check --data and --golden.`,
  );
}
