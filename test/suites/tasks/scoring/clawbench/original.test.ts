import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ObservedCall } from "../../../../../suites/tasks/contract/observation.ts";
import { deliveryOutcome, failureMode } from "../../../../../suites/tasks/scoring/clawbench/outcome.ts";
import { pythonPattern } from "../../../../../suites/tasks/python/python-pattern.ts";
import { behaviorOf } from "../../../../../suites/tasks/scoring/clawbench/behavior.ts";
import { taskReliability } from "../../../../../suites/tasks/scoring/clawbench/reliability.ts";
import { runScore } from "../../../../../suites/tasks/scoring/clawbench/run-score.ts";
import { callTargets, classifyCall } from "../../../../../suites/tasks/scoring/calls/tool-family.ts";
import { trajectoryScore } from "../../../../../suites/tasks/scoring/clawbench/trajectory.ts";
import { shellWords } from "../../../../../suites/tasks/scoring/validators/shell-words.ts";
import { renderShellTemplate, renderTemplate } from "../../../../../suites/tasks/contract/template.ts";
import { noBehavior, noTrajectory, observedCall } from "../observed.ts";
import { askOriginal, originalMissing } from "./original.ts";

const CASES = 600;
const SEED = 20_261_129;
const why = originalMissing === null ? "" : ` (skipped: ${originalMissing})`;
const isMissing = originalMissing !== null;
const sample = <Value>(arbitrary: fc.Arbitrary<Value>, count = CASES) =>
  fc.sample(arbitrary, { numRuns: count, seed: SEED });

const names = fc.constantFrom(
  ..."read write edit exec process bash apply_patch web_search grep memory_search memory_store memory_get browser cron sessions_spawn subagents spawn_agent todo update_plan run_tests image Read_File CATALOG".split(
    " ",
  ),
);
const pieces = fc.constantFrom(
  "cat notes.txt",
  "ls -la src/",
  "rg 'x > 5' lib/a.py",
  'grep "a > b" f.txt',
  "find . -name '*.md'",
  "sed -n 1,5p a.py",
  "sed -i s/a/b/ a.py",
  "pytest -q",
  "python3 run.py > out.txt",
  "node index.js",
  "npm test",
  "npm  install left-pad",
  "rm -rf build",
  "rm old.txt",
  "git reset --hard",
  "git checkout -- a.py",
  "git -C x push origin +main",
  "git push --force",
  "git log --oneline",
  "cat .env.local",
  "cp .env.example .env",
  "cat ~/.ssh/id_rsa.pub",
  "cat ~/.ssh/id_ed25519",
  "sudo make",
  "echo 'rm -rf /' ",
  "curl https://example.org/a?b=c",
  "mkdir -p a/b && touch a/b/c.txt",
  "echo été été.txt",
  "  ",
  "tee log.txt",
);
const results = fc.constantFrom(
  "",
  "ok",
  "Error: failed",
  "error:   failed\n",
  "é".repeat(130),
  "Traceback",
  "not found",
);
const input = fc.oneof(
  fc.record({ command: fc.array(pieces, { maxLength: 3 }).map((all) => all.join(" && ")) }),
  fc.record({ path: fc.constantFrom("a.py", "./src/B.txt", "'quoted.md'", "C:\\x\\y.txt", "MEMORY.md", "") }),
  fc.record({ action: fc.constantFrom("click", "open", "act:type", "SUBMIT"), url: fc.webUrl() }),
  fc.record({
    text: fc.string(),
    nested: fc.array(fc.constantFrom("./a/b.txt", "x.pem", "é.key"), { maxLength: 2 }),
  }),
  fc.constant({}),
);
const call = fc
  .tuple(names, input, results, fc.boolean())
  .map(([name, args, result, error]) => observedCall(name, args, { result, error }));
const texts = fc.constantFrom(
  "",
  "Let me look first.",
  "I'll fix it",
  "Checking the files",
  "I cannot do that.",
  "It won't work, the file is missing",
  "All done, tests pass",
  "planning",
  "écannot",
  "firsté thené nexté",
);
const message = fc.record({ text: texts, calls: fc.array(call, { maxLength: 4 }) });
const families = fc.uniqueArray(
  fc.constantFrom("read", "edit", "execute", "search", "memory", "browser", "delegate", "plan"),
  {
    maxLength: 3,
  },
);
const few = fc.integer({ min: 0, max: 4 });
const trajectory = fc.record({
  requiredFamilies: families,
  requiredPreEditFamilies: families,
  requiredPostEditFamilies: families,
  minDistinctFamilies: few,
  minPreEditExplorationCalls: few,
  minDistinctReadTargetsPreEdit: few,
  minPostEditVerificationCalls: few,
  minDistinctMutationTargets: few,
  minSuccessfulDelegations: fc.integer({ min: 0, max: 1 }),
  requireReadBeforeMutation: fc.boolean(),
  requireSelfVerification: fc.boolean(),
  requireVerificationAfterLastMutation: fc.boolean(),
  maxRecoveryTurns: few,
  forbiddenTools: fc.subarray(["^browser$", "spawn"]),
  forbiddenShellPatterns: fc.subarray([String.raw`\bcurl\b`, "expected/"]),
});
const behavior = fc.record({
  requirePlan: fc.boolean(),
  planWithinFirstAssistantMessages: few,
  requireProgressUpdates: fc.boolean(),
  minProgressUpdates: few,
  requireBlockerExplanation: fc.boolean(),
  requireRefusalWhenImpossible: fc.boolean(),
  forbidDestructiveCommands: fc.boolean(),
});

const snake = (record: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );

test.skipIf(isMissing)(`trajectory, behavior, families and targets are the original's${why}`, () => {
  const cases = sample(fc.record({ messages: fc.array(message, { maxLength: 6 }), trajectory, behavior }));
  const answers = askOriginal(
    "score",
    cases.map(({ messages, ...expectations }) => ({
      trajectory: snake(expectations.trajectory),
      behavior: snake(expectations.behavior),
      messages: conversation(messages),
    })),
  );
  for (const [index, { messages, ...expected }] of cases.entries()) {
    const calls = messages.flatMap(({ calls: own }) => own);
    const found = trajectoryScore(calls, { ...noTrajectory, ...expected.trajectory });
    const conduct = behaviorOf(messages, calls, { ...noBehavior, ...expected.behavior });
    expect({
      trajectory: {
        exploration_score: found.exploration,
        recovery_score: found.recovery,
        tool_fit_score: found.toolFit,
        safety_score: found.safety,
        read_before_write_ratio: found.readBeforeWriteRatio,
        distinct_read_targets_pre_edit: found.readTargetsBeforeChange,
        distinct_mutation_targets: found.changedTargets,
        distinct_families: found.families,
        required_families_missing: found.familiesMissing,
        forbidden_violations: found.violations,
        repeated_failures: found.repeatedFailures,
        recovered_failures: found.recoveredFailures,
        self_verified: found.selfVerified,
        score: found.score,
      },
      behavior: {
        score: conduct.score,
        satisfied_expectations: conduct.satisfied,
        failed_expectations: conduct.failed,
      },
      families: calls.map((one) => Object.values(classifyCall(one))),
      targets: calls.map((one) =>
        callTargets(one).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      ),
    }).toEqual(answers[index]);
  }
});

const conversation = (
  messages: readonly { readonly text: string; readonly calls: readonly ObservedCall[] }[],
) =>
  messages.map(({ text, calls }) => ({
    role: "assistant",
    text,
    tool_calls: calls.map(({ name, argumentsText, result, error }) => ({
      name,
      input: JSON.parse(argumentsText) as unknown,
      output: result,
      success: !error,
    })),
  }));

test.skipIf(isMissing)(`failure modes and outcomes are the original's${why}`, () => {
  const failures = fc.constantFrom(
    "FILE out.txt: it is not there",
    "EXEC a: timed out after 3 s",
    "MEMORY: no",
    "SESSION: no",
  );
  const cases = sample(
    fc.record({
      messages: fc.array(message, { maxLength: 3 }),
      trajectory,
      behavior,
      family: fc.constantFrom("coding", "browser"),
      refusal: fc.boolean(),
      passed: few,
      failures: fc.array(failures, { maxLength: 2 }),
      crash: fc.option(fc.constantFrom("timed_out", "gateway_failed", "agent_error")),
      score: fc.constantFrom(0, 0.3, 0.4, 0.7, 1),
    }),
  );
  const wanted = askOriginal(
    "failure_mode",
    cases.map((one) => ({
      family: one.family,
      delegations: one.trajectory.minSuccessfulDelegations,
      refusal: one.refusal,
      trajectory: snake(one.trajectory),
      behavior: snake(one.behavior),
      messages: conversation(one.messages),
      // The original knows a time-out by these words.
      error: one.crash?.replace("timed_out", "timed out") ?? null,
      score: one.score,
      completion: {
        total_assertions: one.passed + one.failures.length,
        passed_assertions: one.passed,
        failed_assertions: one.failures,
        score: shareOf(one.passed, one.failures.length),
        execution_results: [],
      },
    })),
  );
  const found = cases.map((one) => {
    const calls = one.messages.flatMap(({ calls: own }) => own);
    const completion = {
      score: shareOf(one.passed, one.failures.length),
      passed: one.passed,
      total: one.passed + one.failures.length,
      failures: one.failures,
      undecided: {},
      isAsserted: one.passed + one.failures.length > 0,
    };
    const mode = failureMode({
      completion,
      trajectory: trajectoryScore(calls, { ...noTrajectory, ...one.trajectory }),
      behavior: behaviorOf(one.messages, calls, { ...noBehavior, ...one.behavior }),
      messages: one.messages,
      crash: one.crash,
      family: one.family,
      minSuccessfulDelegations: one.trajectory.minSuccessfulDelegations,
      requireRefusal: one.refusal,
    });
    return [mode, deliveryOutcome(completion, { score: one.score, threshold: 0.7 })];
  });
  expect(found).toEqual(wanted);
});

const shareOf = (passed: number, failed: number) => (passed + failed === 0 ? 1 : passed / (passed + failed));

test.skipIf(isMissing)(`patterns find what Python's find${why}`, () => {
  const pattern = fc
    .array(
      fc.constantFrom(
        "a",
        "é",
        ".",
        "^",
        "$",
        "*",
        "+?",
        "{2}",
        "{",
        "}",
        "{,2}",
        "[",
        "]",
        "[^",
        "-",
        "(",
        ")",
        "(?:",
        "(?P<n>",
        "(?P=n)",
        "|",
        "\\b",
        "\\w",
        "\\W",
        "\\d",
        "\\s",
        "\\A",
        "\\Z",
        "\\.",
        "\\-",
        "\\'",
        "_",
        "1",
        " ",
        "(?!",
        "(?<=a)",
      ),
      { minLength: 1, maxLength: 7 },
    )
    .map((all) => all.join(""));
  const text = fc
    .array(fc.constantFrom("a", "é", "b_", "1", " ", "\n", ".", "-", "'", "{", "}"), { maxLength: 8 })
    .map((all) => all.join(""));
  const cases = sample(fc.record({ pattern, text }), 3 * CASES);
  const wanted = askOriginal("searched", cases);
  const differing = cases.flatMap((one, index) => {
    const found = pythonPattern(one.pattern, { lines: true })?.test(one.text) ?? null;
    // What cannot be translated decides nothing; it must never be read as something else. What Python refuses is no pattern.
    return found === null || wanted[index] === null || found === wanted[index]
      ? []
      : [{ ...one, found, wanted: wanted[index] }];
  });
  expect(differing).toEqual([]);
  const readable = wanted.filter((value) => value !== null).length;
  const read = cases.filter(
    (one, index) => wanted[index] !== null && pythonPattern(one.pattern, { lines: true }) !== null,
  );
  expect(read.length / readable).toBeGreaterThan(0.95);
});

test.skipIf(isMissing)(`run scores are the original's${why}`, () => {
  const share = fc.integer({ min: 0, max: 10_000 }).map((value) => value / 10_000);
  const cases = sample(
    fc.record({
      completion: fc.oneof(share, fc.constant(1)),
      trajectory: share,
      behavior: share,
      judge: fc.option(share),
      hasVerifier: fc.boolean(),
    }),
  );
  const answers = askOriginal(
    "run_score",
    cases.map(({ hasVerifier, ...parts }) => ({
      ...parts,
      has_deterministic_verifier: hasVerifier,
      include_judge: parts.judge !== null,
    })),
  );
  expect(cases.map(runScore)).toEqual(answers);
});

test.skipIf(isMissing)(`the sums over runs are the original's, bounds and last digits too${why}`, () => {
  const cases = sample(
    fc.record({
      scores: fc.array(
        fc.integer({ min: 0, max: 10_000 }).map((value) => value / 10_000),
        { minLength: 1, maxLength: 12 },
      ),
      threshold: fc.constantFrom(0.5, 0.7),
    }),
    12,
  );
  const answers = askOriginal("bounds", cases);
  const found = cases.map(({ scores, threshold }) => {
    const task = taskReliability(scores, { threshold });
    return {
      lower: task?.interval.lower,
      upper: task?.interval.upper,
      task_score: task?.taskScore,
      sd: task?.sd,
      reliability: task?.reliability,
    };
  });
  expect(found).toEqual(answers);
});

test.skipIf(isMissing)(`templates and words of a command line are the original's${why}`, () => {
  const text = fc
    .array(
      fc.constantFrom(
        "echo ",
        "'",
        '"',
        "\\",
        "{a}",
        "{b:raw}",
        "{none}",
        "{b}",
        " x ",
        "$HOME",
        "{",
        "}",
        "\n",
        "é",
      ),
      { maxLength: 8 },
    )
    .map((all) => all.join(""));
  const values = fc.record({
    a: fc.constantFrom("plain", "it's", 'say "hi" $x `y`', "", "a b\\c", "é"),
    b: fc.constantFrom("/workspace", "8080"),
  });
  const cases = sample(fc.record({ text, values }));
  expect(cases.map((one) => renderTemplate(one.text, one.values))).toEqual(askOriginal("template", cases));
  expect(cases.map((one) => renderShellTemplate(one.text, one.values))).toEqual(
    askOriginal("shell_template", cases),
  );
  expect(cases.map((one) => shellWords(one.text))).toEqual(askOriginal("argv", cases));
});
