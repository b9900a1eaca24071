import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { sections, workIn } from "../../../../bench/commands/parts.ts";
import { experimentSchema } from "../../../../bench/config/experiment.ts";
import { ConfigError } from "../../../../bench/errors.ts";
import { PythonBridge } from "../../../../openclaw-tau2/tau2/domains/banking-knowledge/python-bridge.ts";
import type { PythonChild } from "../../../../openclaw-tau2/tau2/domains/banking-knowledge/python-child.ts";
import { evaluate } from "../../../../openclaw-tau2/tau2/evaluation/evaluate.ts";
import { criteriaOf } from "../../../../openclaw-tau2/tau2/tasks/criteria.ts";
import type { LoadOptions } from "../../../../openclaw-tau2/tau2/contract/load-options.ts";
import { loadDomain } from "../../../../openclaw-tau2/tau2/loading/load.ts";
import { dumpJson } from "../../../../openclaw-tau2/tau2/python/json-dump.ts";
import { lastLine, Workplace } from "../../../e2e/small-experiment.ts";
import { episodesOf, expectExit, TemporaryFolder, tollgate } from "../../../e2e/tollgate-process.ts";

const checkout = resolve(process.env["TAU2_CHECKOUT"] ?? "../tau2-bench");
const python = process.env["TAU2_PYTHON"] ?? "python3";
const packages = "import pydantic, docstring_parser, addict, toml, loguru, deepdiff, numpy, dotenv, yaml";
const canRun =
  existsSync(join(checkout, "data", "tau2", "domains", "banking_knowledge", "tasks")) &&
  spawnSync(python, ["-c", packages]).status === 0;
const options: LoadOptions = {
  domain: "banking_knowledge",
  dataDirectory: join(checkout, "data"),
  checkout,
  python,
  environment: Object.fromEntries(
    ["PATH", "HOME"].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  ),
};

interface Direct {
  readonly id: string;
  readonly policy: string;
  readonly before: string;
  readonly replies: readonly (readonly [content: string, error: boolean])[];
  readonly agent: string;
  readonly user: string;
}

test.skipIf(!canRun)(
  "the golden actions of every task answer through the bridge as in Python",
  () => {
    const lines = execFileSync(
      python,
      ["test/fixtures/banking/direct.py", checkout, join(checkout, "data")],
      {
        encoding: "utf8",
        maxBuffer: 1 << 28,
      },
    );
    const direct = lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Direct);
    const domain = loadDomain({ ...options, retrieval: "golden_retrieval" });
    const bridged = domain.tasks.map((task): Direct => {
      const environment = domain.createEnvironment({ task });
      const { initialStateText } = task;
      environment.setState({ initialStateText, history: task.messageHistory, strict: true });
      const before = environment.agentHash();
      const replies = (criteriaOf(task)?.actions ?? []).map(({ name, requestor, arguments: args }) => {
        const { content, error } = environment.call({ name, requestor, argumentsText: dumpJson(args) });
        return [content, error] as const;
      });
      const [agent, user] = [environment.agentHash(), environment.userHash() ?? ""];
      return { id: task.id, policy: domain.forTask?.(task).policy ?? "", before, replies, agent, user };
    });
    expect(domain.facts).toMatchObject({ retrieval: "golden_retrieval" });
    expect(direct.length).toBeGreaterThan(90);
    expect(bridged).toEqual(direct);
  },
  120_000,
);

test.skipIf(!canRun)(
  "a transcript of the golden actions is worth 1, and 0 without the last one",
  () => {
    const domain = loadDomain(options);
    const task = domain.tasks.find(({ id }) => id === "task_001");
    if (task === undefined) throw new Error("no task_001");
    const environment = domain.createEnvironment({ task });
    environment.setState({ initialStateText: task.initialStateText, history: [], strict: true });
    const played = (criteriaOf(task)?.actions ?? []).flatMap(
      ({ name, requestor, arguments: args }, index) => {
        const call = { id: `c${index}`, name, requestor, argumentsText: dumpJson(args) };
        const reply = environment.call(call);
        return [
          { role: requestor, content: null, toolCalls: [call] },
          { role: "tool" as const, id: call.id, requestor, ...reply },
        ];
      },
    );
    const rewardOf = (messages: typeof played) =>
      evaluate(domain, {
        task,
        messages,
        terminationReason: "user_stop",
        solo: false,
        strictReplay: true,
        judge: null,
      }).reward;
    expect([rewardOf(played), rewardOf(played.slice(0, -2))]).toEqual([1, 0]);
  },
  180_000,
);

test.skipIf(!canRun)(
  "a sweep by the native agent ends with rewards and leaves no Python behind",
  async () => {
    using place = new Workplace({
      arms: [{ kind: "raw" }],
      workload: {
        domain: "banking_knowledge",
        data: join(checkout, "data"),
        checkout,
        python,
        retrieval: "golden_retrieval",
        tasks: { ids: ["task_001", "task_004", "task_020"] },
      },
    });
    const environment = { ...place.environment, TOLLGATE_TEST_MARK: place.path };
    const sweep = await tollgate(["sweep", place.file, "--out", place.runs], environment);
    expectExit(sweep, 0);
    const run = lastLine(sweep);
    expect(episodesOf(run).map(({ status, reward }) => [status, reward])).toEqual([
      ["completed", 1],
      ["completed", 1],
      ["completed", 1],
    ]);
    expectExit(await tollgate(["tau2", "regrade", run], place.environment), 0);
    await expect.poll(() => processesWith(`TOLLGATE_TEST_MARK=${place.path}`)).toEqual([]);
  },
  120_000,
);

test("the child ends when the driver is killed", async () => {
  using folder = new TemporaryFolder();
  const mark = { TOLLGATE_TEST_MARK: folder.path };
  const child = { ...playedChild(folder, echo), environment: { TOLLGATE_TEST_MARK: folder.path } };
  const url = pathToFileURL(resolve("openclaw-tau2/tau2/domains/banking-knowledge/python-bridge.ts")).href;
  const program = `
    const { PythonBridge } = await import(${JSON.stringify(url)});
    new PythonBridge(${JSON.stringify(child)}).request("one", {});
    console.log("answered");
    setInterval(() => undefined, 1000);`;
  const driver = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    env: { ...process.env, ...mark },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(driver.stdout, "data");
  expect(processesWith(`TOLLGATE_TEST_MARK=${folder.path}`)).toHaveLength(2);
  driver.kill("SIGKILL");
  await once(driver, "close");
  await expect.poll(() => processesWith(`TOLLGATE_TEST_MARK=${folder.path}`)).toEqual([]);
});

/** Pids of live processes with this entry in their environment. */
function processesWith(entry: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(entry);
      } catch {
        return false; // It ended while we looked.
      }
    });
}

/** An interpreter of our own: a program that plays the child. */
function playedBy(folder: TemporaryFolder, program: string): string {
  const path = join(folder.path, "python");
  writeFileSync(path, `#!${process.execPath}\n${program}`, { mode: 0o755 });
  return path;
}

function playedChild(folder: TemporaryFolder, program: string): PythonChild {
  return {
    python: playedBy(folder, program),
    checkout: "c",
    dataDirectory: "d",
    variant: "v",
    environment: {},
  };
}

const echo = `
let begun = "";
const answer = (line) => {
  const { op, ...parameters } = JSON.parse(line);
  if (op === "die") { console.error("out of memory"); process.exit(3); }
  if (op === "environment") return console.log(JSON.stringify({ value: process.env }));
  if (op === "busy") for (;;);
  if (op === "raise") console.log(JSON.stringify({ raised: { type: "ValueError", message: "no" } }));
  else if (op !== "hang") console.log(JSON.stringify({ value: parameters }));
};
process.stdin.setEncoding("utf8").on("data", (text) => {
  const lines = (begun + text).split("\\n");
  begun = lines.pop();
  lines.forEach(answer);
});`;

test("the bridge answers in order, passes exceptions on, and names how the child was lost", () => {
  using folder = new TemporaryFolder();
  const child = playedChild(folder, echo);
  const bridge = new PythonBridge(child);
  const text = '\u2028 \\u0000 "日本"\n'.repeat(1000);
  expect([bridge.request("one", { a: 1 }), bridge.request("two", { text })]).toEqual([{ a: 1 }, { text }]);
  expect(() => bridge.request("raise", {})).toThrow("no");
  expect(bridge.usable).toBe(true);
  expect(() => bridge.request("die", {})).toThrow("it ended with code 3: out of memory");
  expect(bridge.usable).toBe(false);
  expect(() => bridge.request("one", {})).toThrow("lost at one: it ended with code 3");
  const silent = new PythonBridge(child, 1000);
  expect(() => silent.request("hang", {})).toThrow("it did not answer within 1000 ms");
  expect(() => new PythonBridge({ ...child, python: "/nowhere/python" }).request("one", {})).toThrow(
    "ENOENT",
  );
});

test("the child gets the environment it is given and none of the user's keys", () => {
  using folder = new TemporaryFolder();
  const environment = { PATH: "/bin", TOLLGATE_RUN: "run-1" };
  const bridge = new PythonBridge({ ...playedChild(folder, echo), environment });
  expect(bridge.request("environment", {})).toEqual(environment);
});

test("a child that is busy when its time is over is ended", async () => {
  using folder = new TemporaryFolder();
  const mark = `TOLLGATE_TEST_MARK=${folder.path}`;
  const child = { ...playedChild(folder, echo), environment: { TOLLGATE_TEST_MARK: folder.path } };
  const bridge = new PythonBridge(child, 4000);
  bridge.request("one", {});
  expect(processesWith(mark)).toHaveLength(1);
  expect(() => bridge.request("busy", {})).toThrow("it did not answer within 4000 ms");
  await expect.poll(() => processesWith(mark)).toEqual([]);
});

test("a plan starts Python with what a program needs, and without the user's keys", async () => {
  using folder = new TemporaryFolder();
  const said = "console.error(Object.keys(process.env).sort().join()); process.exitCode = 1;";
  const source = join(folder.path, "src", "tau2", "domains", "banking_knowledge");
  const data = join(folder.path, "data");
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, "environment.py"), "");
  mkdirSync(join(data, "tau2", "domains", "banking_knowledge", "tasks"), { recursive: true });
  const experiment = experimentSchema(sections).parse({
    name: "x",
    stack: { kind: "embedded" },
    arms: [{ kind: "raw" }],
    workload: {
      domain: "banking_knowledge",
      data,
      checkout: folder.path,
      python: playedBy(folder, said),
    },
  });
  const user = { PATH: "/bin", HOME: "/root", OPENAI_API_KEY: "sk-secret" };
  await expect(async () => workIn(experiment).plan(experiment, user)).rejects.toThrow("HOME,PATH,SPT_NOENV.");
});

test("what is missing is said: the checkout, the data, the interpreter, the packages", () => {
  using folder = new TemporaryFolder();
  const error = (changes: Partial<LoadOptions>): string => {
    try {
      loadDomain({ domain: "banking_knowledge", dataDirectory: folder.path, ...changes });
      return "nothing";
    } catch (thrown) {
      return thrown instanceof ConfigError ? thrown.message : `another error: ${String(thrown)}`;
    }
  };
  expect(error({})).toContain("Set workload.checkout or TAU2_CHECKOUT");
  const source = join(folder.path, "src", "tau2", "domains", "banking_knowledge");
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, "environment.py"), "");
  expect(error({ checkout: folder.path })).toContain("banking_knowledge/tasks is missing");
  mkdirSync(join(folder.path, "tau2", "domains", "banking_knowledge", "tasks"), { recursive: true });
  const found = { checkout: folder.path };
  expect(error({ ...found, python: "/nowhere/python" })).toContain("ENOENT");
  const poor = playedBy(folder, 'console.error("No module named x. Install"); process.exitCode = 1;');
  expect(error({ ...found, python: poor })).toContain("No module named x. Install");
});
