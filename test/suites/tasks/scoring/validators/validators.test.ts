import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import type { TaskFinding } from "../../../../../suites/tasks/contract/observation.ts";
import type { CheckedWorkspace } from "../../../../../suites/tasks/scoring/validators/checks.ts";
import {
  finalFindings,
  takeBaseline,
  turnFindings,
} from "../../../../../suites/tasks/scoring/validators/find.ts";
import type {
  AgentBenchProfile,
  Validator,
  WorkspaceTask,
} from "../../../../../suites/tasks/contract/task.ts";
import { WorkspaceFiles } from "../../../../../suites/tasks/workspace/workspace-files.ts";
import { openPlace, type Place } from "../../../../sandbox/kinds.ts";
import { agentBenchTask } from "../../attempts/fixtures.ts";
import { observedTurn } from "../observed.ts";

type Files = Readonly<Record<string, string>>;

function put(directory: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

const agentBench = agentBenchTask().profile as AgentBenchProfile;

interface Attempt {
  readonly task?: Partial<WorkspaceTask>;
  readonly outputs?: AgentBenchProfile["outputs"];
  readonly behavior?: readonly Validator[];
  readonly turn?: readonly Validator[];
  /** After the setup. */
  readonly before?: Files | ((directory: string) => void);
  /** What the agent makes of them; a function does what no text can say. */
  readonly after?: Files | ((directory: string) => void);
  readonly changed?: readonly string[];
  readonly reply?: string | null;
  readonly crash?: string;
}

/** Findings of one turn and of the end, in a real workspace whose commands run as this user. */
async function found(context: TestContext, attempt: Attempt): Promise<readonly TaskFinding[]> {
  await using place = await openPlace("none", context);
  return await foundIn(place, attempt);
}

async function foundIn({ sandbox, request }: Place, attempt: Attempt): Promise<readonly TaskFinding[]> {
  const { before = {}, after = {}, turn: turnValidators = [], behavior = [], outputs = [] } = attempt;
  const profile = { ...agentBench, outputs, behavior: [{ description: "", validators: behavior }] };
  const [first] = agentBenchTask().turns;
  if (first === undefined) throw new Error("the fixture changed");
  const workspace: CheckedWorkspace = {
    task: agentBenchTask({ profile, turns: [{ ...first, validators: turnValidators }], ...attempt.task }),
    sandbox,
    hostDirectory: request.workspace,
    values: {},
    signal: AbortSignal.timeout(30_000),
  };
  if (typeof before === "function") before(request.workspace);
  else put(request.workspace, before);
  const baseline = await takeBaseline(workspace, await new WorkspaceFiles(request.workspace).look());
  if (typeof after === "function") after(request.workspace);
  else put(request.workspace, after);
  const changedFiles = attempt.changed ?? (typeof after === "function" ? [] : Object.keys(after).sort());
  const turn = observedTurn(attempt.reply === undefined ? "Done." : attempt.reply, { changedFiles });
  return [
    ...(await turnFindings(workspace, baseline, { index: 0, turn })),
    ...(await finalFindings(workspace, baseline, { turns: [turn], calls: [], crash: attempt.crash ?? null })),
  ];
}

const linkTo = (target: string) => (directory: string) => {
  put(directory, { [target]: "text" });
  symlinkSync(target, join(directory, "latest.md"));
};
const large = (name: string) => (directory: string) => {
  put(directory, { [name]: "" });
  truncateSync(join(directory, name), 70 * 1024 ** 2);
};
const output = (pattern: string, ...validators: readonly Validator[]): AgentBenchProfile["outputs"] => [
  { pattern, required: true, validators },
];
const exists = (path: string | null = null): Validator => ({ type: "file-exists", path });
const contains = (
  sections: readonly string[],
  match: "all" | "any" = "all",
  where: string | null = null,
): Validator => ({
  type: "content-contains",
  sections,
  match,
  in: where,
});
const words = (min: number, max: number): Validator => ({ type: "word-count-range", min, max });
const says = (values: readonly string[], match: "all" | "any" = "all"): Validator => ({
  type: "response-contains",
  values,
  match,
});
const prints = (command: string, ...texts: readonly string[]): Validator => ({
  type: "command-output-contains",
  command,
  contains: texts,
});
const style: Validator = { type: "link-consistency", files: ["*.md"] };
const british = (...list: readonly string[]): Validator => ({
  type: "content-uses-british-spelling",
  words: list,
});
const named: Validator = { type: "filename-matches", pattern: String.raw`^[a-z]+(-[a-z]+)*\.md$` };

/** What one validator finds: `earned` of `possible`; null: it counts nowhere. */
const cases: readonly (readonly [
  what: string,
  attempt: Attempt,
  points: readonly [number, number] | null,
])[] = [
  ["a file that is there", { outputs: output("a.md", exists()), after: { "a.md": "x" } }, [30, 30]],
  ["a file that is not there", { outputs: output("a.md", exists()) }, [0, 30]],
  ["a folder named with a slash", { outputs: output("src/", exists()), after: { "src/a": "" } }, [30, 30]],
  ["a file where a folder is asked for", { outputs: output("src/", exists()), after: { src: "" } }, [0, 30]],
  ["a file of a glob", { outputs: output("out/*.md", exists()), after: { "out/b.md": "" } }, [30, 30]],
  ["any new file of a turn", { turn: [exists()], after: { "a.md": "" } }, [30, 30]],
  ["no new file in a turn", { turn: [exists()], before: { "a.md": "" } }, [0, 30]],
  [
    "an output that is not required and not there",
    {
      outputs: [{ pattern: "a.md", required: false, validators: [exists()] }],
    },
    null,
  ],

  [
    "all texts, whatever their case",
    { outputs: output("a.md", contains(["Alpha", "BETA"])), after: { "a.md": "alpha Beta" } },
    [40, 40],
  ],
  [
    "one of two texts",
    { outputs: output("a.md", contains(["alpha", "beta"])), after: { "a.md": "alpha" } },
    [20, 40],
  ],
  [
    "any of the texts",
    { outputs: output("a.md", contains(["x", "beta"], "any")), after: { "a.md": "beta" } },
    [40, 40],
  ],
  [
    "none of them",
    { outputs: output("a.md", contains(["x", "y"], "any")), after: { "a.md": "beta" } },
    [0, 40],
  ],
  ["texts of no file", { outputs: output("a.md", contains(["x"])) }, [0, 40]],
  [
    "texts in another file",
    { behavior: [contains(["db-2"], "all", "beta/c.yaml")], after: { "beta/c.yaml": "host: db-2" } },
    [40, 40],
  ],
  [
    "texts in what was said",
    { behavior: [contains(["corrupt"], "any", "any-output")], reply: "The file is corrupt." },
    [40, 40],
  ],
  [
    "texts in what the turn made, not in what lay there",
    {
      turn: [contains(["alpha"])],
      before: { "old.md": "alpha" },
      after: { "new.md": "beta" },
    },
    [0, 40],
  ],
  [
    "a curly quote for a straight one",
    { behavior: [says(["couldn't find"])], reply: "I couldn’t find it." },
    [30, 30],
  ],
  [
    "an unwanted text",
    {
      behavior: [{ type: "content-not-contains", sections: ["TODO"], in: "a.py" }],
      after: { "a.py": "# todo" },
    },
    [0, 30],
  ],
  [
    "an unwanted text that is gone",
    {
      behavior: [{ type: "content-not-contains", sections: ["TODO"], in: "a.py" }],
      after: { "a.py": "pass" },
    },
    [30, 30],
  ],
  [
    "nothing is no praise for what it does not say",
    {
      behavior: [{ type: "content-not-contains", sections: ["TODO"], in: "a.py" }],
    },
    [0, 30],
  ],

  [
    "a word count in range",
    { outputs: output("a.md", words(3, 5)), after: { "a.md": "one two\n three" } },
    [30, 30],
  ],
  ["half of the least", { outputs: output("a.md", words(4, 5)), after: { "a.md": "one two" } }, [15, 30]],
  ["twice the most", { outputs: output("a.md", words(1, 2)), after: { "a.md": "1 2 3 4" } }, [15, 30]],
  [
    "more than twice the most",
    { outputs: output("a.md", words(1, 2)), after: { "a.md": "1 2 3 4 5" } },
    [0, 30],
  ],

  [
    "half of the paths",
    {
      behavior: [{ type: "directory-structure", paths: ["a/b.md", "a/c.md", "a/", "d/"] }],
      after: { "a/b.md": "" },
    },
    [15, 30],
  ],
  [
    "a file as it was",
    { behavior: [{ type: "file-unchanged", files: ["r.md"] }], before: { "r.md": "x" } },
    [30, 30],
  ],
  [
    "a file that was changed",
    {
      behavior: [{ type: "file-unchanged", files: ["r.md"] }],
      before: { "r.md": "x" },
      after: { "r.md": "y" },
    },
    [0, 30],
  ],
  [
    "a file that was deleted",
    {
      behavior: [{ type: "file-unchanged", files: ["r.md"] }],
      before: { "r.md": "x" },
      after: (directory) => rmSync(join(directory, "r.md")),
    },
    [0, 30],
  ],
  [
    "one of two files changed",
    {
      behavior: [{ type: "file-unchanged", files: ["in/*"] }],
      before: { "in/a": "1", "in/b": "2" },
      after: { "in/a": "3" },
    },
    [15, 30],
  ],
  [
    "a link as it was",
    {
      behavior: [{ type: "file-unchanged", files: ["latest.md"] }],
      before: linkTo("v1.md"),
      after: { "v2.md": "new" },
    },
    [30, 30],
  ],
  [
    "a link that leads elsewhere now, to a file with the same text",
    {
      behavior: [{ type: "file-unchanged", files: ["latest.md"] }],
      before: linkTo("v1.md"),
      after: (directory) => {
        put(directory, { "v2.md": "text" });
        rmSync(join(directory, "latest.md"));
        symlinkSync("v2.md", join(directory, "latest.md"));
      },
    },
    [0, 30],
  ],
  [
    "a file as it was that is too large to be read each time",
    { behavior: [{ type: "file-unchanged", files: ["large.bin"] }], before: large("large.bin") },
    [30, 30],
  ],
  [
    "such a file with one byte changed",
    {
      behavior: [{ type: "file-unchanged", files: ["large.bin"] }],
      before: large("large.bin"),
      after: (directory) => writeFileSync(join(directory, "large.bin"), "x", { flag: "r+" }),
    },
    [0, 30],
  ],
  ["a file that never was there", { behavior: [{ type: "file-unchanged", files: ["r.md"] }] }, null],
  [
    "a file that one of the patterns means",
    {
      turn: [{ type: "file-modified", patterns: ["**/MEMORY.md", "**/memory/**"] }],
      after: { "memory/notes.md": "x" },
    },
    [30, 30],
  ],
  [
    "no such file changed",
    {
      turn: [{ type: "file-modified", patterns: ["**/MEMORY.md"] }],
      before: { "MEMORY.md": "x" },
      after: { "a.md": "x" },
    },
    [0, 30],
  ],

  ["one style of links", { behavior: [style], after: { "a.md": "[[b]] [[c]]", "b.md": "[[a]]" } }, [30, 30]],
  [
    "mostly one style",
    { behavior: [style], after: { "a.md": "[[b]] [[c]] [[d]]", "b.md": "[a](a.md)" } },
    [15, 30],
  ],
  ["two styles", { behavior: [style], after: { "a.md": "[[b]] [x](y.md) `[[code]]`" } }, [0, 30]],
  ["no link", { behavior: [style], after: { "a.md": "plain" } }, null],
  ["no file to look for links in", { behavior: [style] }, [0, 30]],

  ["one of two values", { turn: [says(["Budget", "Lead"])], reply: "the budget is 3" }, [15, 30]],
  ["any of the values", { turn: [says(["Budget", "Lead"], "any")], reply: "the budget is 3" }, [30, 30]],
  ["no answer", { turn: [says(["Budget"])], reply: null }, [0, 30]],
  [
    "an unwanted value",
    { turn: [{ type: "response-not-contains", values: ["not sure"] }], reply: "I'm NOT sure" },
    [0, 30],
  ],
  [
    "silence instead of an unwanted value",
    { turn: [{ type: "response-not-contains", values: ["x"] }], reply: null },
    [0, 30],
  ],
  [
    "what only a judge can say",
    { turn: [{ type: "response-contains-analysis", description: "names faults" }] },
    null,
  ],

  ["names as they should be", { turn: [named], after: { "sub/sales-report.md": "" } }, [30, 30]],
  ["one of two names", { turn: [named], after: { "sales-report.md": "", "Notes.md": "" } }, [15, 30]],
  ["no file to be named", { turn: [named] }, [0, 30]],

  [
    "British words only",
    { turn: [british("analyse", "colour")], after: { "a.md": "Analysing colours. Analysis." } },
    [30, 30],
  ],
  [
    "one of two American",
    { turn: [british("analyse", "colour")], after: { "a.md": "analyzes colour" } },
    [15, 30],
  ],
  [
    "both spellings of a word",
    { turn: [british("organisation")], after: { "a.md": "organisation organizations" } },
    [0, 30],
  ],
  ["none of the words", { turn: [british("summarise")], after: { "a.md": "a summary" } }, null],

  [
    "a command that prints it",
    { behavior: [prints("cd $WORKSPACE && cat a.txt", "OK")], after: { "a.txt": "it is ok" } },
    [30, 30],
  ],
  [
    "on its error stream, and it fails",
    { behavior: [prints("echo passed >&2; exit 3", "passed")] },
    [30, 30],
  ],
  ["a command that prints something else", { behavior: [prints("echo no", "passed")] }, [0, 30]],
  [
    "a command whose program this machine lacks",
    {
      behavior: [prints("nosuchprogram --version", "1")],
      task: { programs: ["nosuchprogram"] },
    },
    null,
  ],
  [
    "a command whose module this machine lacks",
    {
      behavior: [prints("python3 -m nosuchmodule x", "1")],
      task: { programs: ["python3 -m nosuchmodule"] },
    },
    null,
  ],

  ["an attempt that went through", { behavior: [{ type: "no-crash" }] }, [30, 30]],
  ["an attempt that did not", { behavior: [{ type: "no-crash" }], crash: "timed_out" }, [0, 30]],
];

test.for(cases)("%s", async ([, attempt, points], context) => {
  const [finding, ...more] = await found(context, attempt);
  expect(more).toEqual([]);
  expect({ value: finding?.value, points: finding?.points }).toEqual(
    points === null
      ? { value: null, points: null }
      : { value: points[0] / points[1], points: { earned: points[0], possible: points[1] } },
  );
  expect(finding?.detail).not.toBe("");
});

const commits = (directory: string) => {
  const git = (...line: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...line], {
      cwd: directory,
      stdio: "ignore",
    });
  git("init", "-q");
  for (const message of ["Start", "Refactor the reader"]) git("commit", "-q", "--allow-empty", "-m", message);
};
const log = (contains_: readonly string[], minCommits: number | null): Validator => ({
  type: "git-log-contains",
  contains: contains_,
  minCommits,
});

test.for([
  [["refactor"], null, 1],
  [["refactor"], 2, 1],
  [["refactor"], 3, 0.5],
  [["refactor", "release"], null, 0.5],
  [[], 3, 0],
] as const)(
  "a git log asked for %j and %d commits holds %d of it",
  async ([texts, least, share], context) => {
    const attempt = { behavior: [log(texts, least)], after: commits };
    const [finding] = await found(context, attempt);
    expect(finding).toMatchObject({ value: share, type: "git-log-contains" });
  },
);

test("a folder without a repository has no log", async (context) => {
  expect(await found(context, { behavior: [log(["x"], 1)] })).toMatchObject([{ value: 0 }]);
});

/** What an agent could leave behind to make a check read, wait or fail. */
const traps: readonly (readonly [string, (directory: string) => void])[] = [
  ["a link to a file of this machine", (directory) => symlinkSync("/etc/passwd", join(directory, "a.md"))],
  ["a link into a folder of this machine", (directory) => symlinkSync("/etc", join(directory, "a.md"))],
  ["a relative link out", (directory) => symlinkSync("../../../../etc/passwd", join(directory, "a.md"))],
  ["a link to itself", (directory) => symlinkSync("a.md", join(directory, "a.md"))],
  ["a link to a device", (directory) => symlinkSync("/dev/zero", join(directory, "a.md"))],
  ["a pipe that nobody writes to", (directory) => execFileSync("mkfifo", [join(directory, "a.md")])],
  ["a folder", (directory) => mkdirSync(join(directory, "a.md"))],
  ["no workspace at all", (directory) => rmSync(directory, { recursive: true })],
];

test.for(traps)("%s holds no text, and nothing waits for it", async ([, trap], context) => {
  const attempt: Attempt = {
    outputs: output("a.md", contains(["root", "e"], "any"), words(1, 1_000_000)),
    turn: [contains(["root"], "any"), named],
    after: trap,
    changed: ["a.md"],
  };
  const findings = await found(context, attempt);
  expect(findings.map(({ value }) => value)).toEqual([0, 0, 0, 0]);
});

test("a huge file is read as far as words are looked for, and what is no text does no harm", async (context) => {
  const attempt: Attempt = {
    outputs: output("a.md", contains(["begin", "end"]), exists()),
    after: (directory) => {
      writeFileSync(
        join(directory, "a.md"),
        Buffer.concat([Buffer.from("begin \xff\xfe\0"), Buffer.alloc(64)]),
      );
      truncateSync(join(directory, "a.md"), 1024 ** 3);
    },
    changed: ["a.md"],
  };
  expect(await found(context, attempt)).toMatchObject([{ value: 0.5 }, { value: 1 }]);
});

test("a link to a file within the workspace is that file", async (context) => {
  const attempt: Attempt = {
    outputs: output("a.md", contains(["alpha"]), exists()),
    after: (directory) => {
      put(directory, { "real.md": "alpha" });
      symlinkSync("real.md", join(directory, "a.md"));
    },
  };
  expect(await found(context, attempt)).toMatchObject([{ value: 1 }, { value: 1 }]);
});

test("a sandbox that is gone decides nothing", async (context) => {
  await using place = await openPlace("unshare", context);
  await place.sandbox[Symbol.asyncDispose]();
  const findings = await foundIn(place, { behavior: [prints("echo x", "x"), log(["x"], null)], after: {} });
  expect(findings.map(({ value }) => value)).toEqual([null, null]);
});
