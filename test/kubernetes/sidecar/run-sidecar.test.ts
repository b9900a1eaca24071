import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StartError } from "../../../bench/errors.ts";
import { runSidecar, type SidecarParts } from "../../../bench/kubernetes/sidecar/run-sidecar.ts";
import { sidecarSettings } from "../../../bench/kubernetes/sidecar/settings.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tollgate-sidecar-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

type Answer = (words: readonly string[], say: (line: string) => void) => number | Promise<number>;
const swept: Answer = (_, say) => {
  say(`run directory: ${join(folder, "runs", "r1")}`);
  return 0;
};
const exported: Answer = (words) => {
  const out = words.at(-1) ?? "";
  mkdirSync(join(out, "c"), { recursive: true });
  writeFileSync(join(out, "c", "benchmark.json"), `{"model":"m"}`);
  writeFileSync(join(out, "manifest.json"), `{"results":[{"file":"c/benchmark.json"}]}`);
  return 0;
};

interface Rig {
  readonly pod?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly answers?: Readonly<Record<string, Answer>>;
  readonly gatewayReady?: () => Promise<void>;
  readonly mlflow?: string | null | Error;
  readonly told?: AbortSignal;
}

/** A sidecar whose commands answer as they are told. */
function rig({ answers = {}, mlflow = null, ...more }: Rig = {}) {
  const asked: string[] = [];
  const said: string[] = [];
  const all: Readonly<Record<string, Answer>> = {
    sweep: swept,
    export: exported,
    mlflow: () => 0,
    ...answers,
  };
  const environment = {
    OPENCLAW_GATEWAY_TOKEN: "t",
    OPENAI_API_KEY: "k",
    POD_NAME: more.pod ?? "p1",
    TOLLGATE_RESULTS_DIR: folder,
    TOLLGATE_EXPERIMENT_FILE: join(folder, "own.yaml"),
    TOLLGATE_TERMINATION_LOG: join(folder, "termination"),
    ...more.environment,
  };
  const parts: SidecarParts = {
    settings: sidecarSettings(environment),
    environment,
    gatewayReady: more.gatewayReady ?? (async () => undefined),
    mlflowReady: async () => {
      if (mlflow instanceof Error) throw mlflow;
      return mlflow;
    },
    command: async (words, say) => {
      asked.push(words.join(" ").replaceAll(folder, "R"));
      const exitCode = (await all[words[0] ?? ""]?.(words, say)) ?? 70;
      return { exitCode, lastLine: "", tail: exitCode === 0 ? [] : [`${words[0]} said why`] };
    },
    say: (line) => said.push(line),
    nowIso: () => "now",
    told: more.told ?? new AbortController().signal,
  };
  return { asked, said, run: () => runSidecar(parts) };
}
const state = () => JSON.parse(readFileSync(join(folder, "sidecar.json"), "utf8"));

test("an evaluation is swept, exported, logged and stays", async () => {
  const { run, asked, said } = rig({ mlflow: "there" });
  expect(await run()).toBeNull();
  expect(asked).toEqual([
    "sweep R/experiment.yaml --out R/runs",
    "export R/runs/r1 --format clawbench --out R/.benchmark",
    "mlflow log R/runs/r1",
  ]);
  expect(state()).toMatchObject({ state: "finished", run: "r1", exitCode: 0, mlflow: "logged", pod: "p1" });
  expect(readFileSync(join(folder, "benchmark.json"), "utf8")).toBe(`{"model":"m"}`);
  expect(existsSync(join(folder, ".benchmark"))).toBe(false);
  expect(said.at(-1)).toBe("Tollgate finished (exit=0)");
});

test("the run's name is in the state while it runs, so that an evicted pod's run can be gone on with", async () => {
  let during: unknown;
  const { run } = rig({
    answers: {
      sweep: async (words, say) => {
        await swept(words, say);
        await expect.poll(() => state().run).toBe("r1");
        during = state();
        return 0;
      },
    },
  });
  await run();
  expect(during).toMatchObject({ state: "running", run: "r1", exitCode: null });
});

test.each([1, 3, 4, 70])(
  "a run that ends with %d is logged as well, and the state says failed",
  async (exitCode) => {
    const { run, asked, said } = rig({
      mlflow: "there",
      answers: { sweep: (words, say) => Promise.resolve(swept(words, say)).then(() => exitCode) },
    });
    expect(await run()).toBeNull();
    expect(asked).toContain("mlflow log R/runs/r1");
    expect(state()).toMatchObject({ state: "failed", exitCode, mlflow: "logged", message: "sweep said why" });
    expect(said.at(-1)).toBe(`Tollgate finished (exit=${exitCode})`);
  },
);

test("an experiment that cannot work ends the container, with the reason where Kubernetes looks", async () => {
  const { run, asked } = rig({ mlflow: "there", answers: { sweep: () => 2 } });
  expect(await run()).toEqual({ exitCode: 2 });
  expect(asked).toHaveLength(1);
  expect(readFileSync(join(folder, "termination"), "utf8")).toBe("sweep said why");
  expect(state()).toMatchObject({ state: "failed", run: null, exitCode: 2 });
});

test("without its gateway nothing is begun", async () => {
  const late = async () => {
    throw new StartError("openclaw", "not ready after 120 s");
  };
  const { run, asked } = rig({ gatewayReady: late });
  await expect(run()).rejects.toThrow(/not ready after 120 s/);
  expect(asked).toEqual([]);
  expect(state()).toMatchObject({ state: "failed", run: null, message: "not ready after 120 s" });
  // The container is started anew, and now the gateway is there.
  await rig().run();
  expect(state()).toMatchObject({ state: "finished", exitCode: 0 });
});

test("MLflow that is down before loses nothing: it is logged afterwards", async () => {
  const { run, said } = rig({ mlflow: new Error("connection refused") });
  await run();
  expect(state()).toMatchObject({ state: "finished", mlflow: "logged" });
  expect(said.join("\n")).toMatch(/MLflow cannot be logged to now: connection refused/);
});

test("MLflow that stays down fails no evaluation, and is said with the command for later", async () => {
  const { run, asked, said } = rig({ mlflow: "there", answers: { mlflow: () => 3 } });
  await run();
  expect(asked.filter((words) => words.startsWith("mlflow"))).toHaveLength(3);
  expect(state()).toMatchObject({ state: "finished", exitCode: 0, mlflow: "failed" });
  expect(said.join("\n")).toMatch(/Later: tollgate mlflow log /);
});

test.each([
  ["is refused", () => 1],
  ["throws", () => Promise.reject(new Error("spawn failed"))],
  [
    "has two cells",
    (words: readonly string[]) => {
      mkdirSync(words.at(-1) ?? "", { recursive: true });
      writeFileSync(join(words.at(-1) ?? "", "manifest.json"), `{"results":[{"file":"a"},{"file":"b"}]}`);
      return 0;
    },
  ],
] as const)("a result file that %s is said, and the run counts", async (_, answer) => {
  const { run, said } = rig({ answers: { export: answer } });
  await run();
  expect(state()).toMatchObject({ state: "finished", exitCode: 0 });
  expect(said.join("\n")).toMatch(/no benchmark\.json/);
  expect(existsSync(join(folder, ".benchmark"))).toBe(false);
});

test("an evaluation that was stopped is gone on with by the next pod, in the same run", async () => {
  const told = new AbortController();
  const first = rig({
    told: told.signal,
    answers: {
      sweep: async (words, say) => {
        await swept(words, say);
        told.abort();
        return 130;
      },
    },
  });
  expect(await first.run()).toBeNull();
  expect(first.said.join("\n")).not.toMatch(/finished/);
  expect(state()).toMatchObject({ state: "running", run: "r1", exitCode: null });
  const second = rig({ pod: "p2" });
  await second.run();
  expect(second.asked[0]).toBe("sweep R/experiment.yaml --out R/runs --resume R/runs/r1");
  expect(state()).toMatchObject({ state: "finished", run: "r1", pod: "p2" });
});

test("one that was stopped while it was logged is only logged", async () => {
  const told = new AbortController();
  const stop: Answer = () => {
    told.abort();
    return 143;
  };
  await rig({ told: told.signal, mlflow: "there", answers: { mlflow: stop } }).run();
  expect(state()).toMatchObject({ state: "logging", exitCode: 0 });
  const again = rig({ mlflow: "there" });
  await again.run();
  expect(again.asked).not.toContainEqual(expect.stringMatching(/^sweep/));
  expect(state()).toMatchObject({ state: "finished", exitCode: 0, mlflow: "logged" });
});

test("a container that was started anew does not repeat what its pod has finished; another pod does", async () => {
  await rig().run();
  const again = rig();
  expect(await again.run()).toBeNull();
  expect(again.asked).toEqual([]);
  expect(again.said.at(-1)).toBe("Tollgate finished (exit=0)");
  const other = rig({ pod: "p2" });
  await other.run();
  expect(other.asked[0]).toBe("sweep R/experiment.yaml --out R/runs");
});

test("the user's own experiment is run as it is; another text is another evaluation", async () => {
  writeFileSync(join(folder, "own.yaml"), "name: mine\n");
  const { run, said } = rig({ environment: { OPENAI_API_KEY: "" } });
  await run();
  expect(readFileSync(join(folder, "experiment.yaml"), "utf8")).toBe("name: mine\n");
  expect(said.join("\n")).toMatch(/own\.yaml; CLAWBENCH_MODEL.* are not used/);
  writeFileSync(join(folder, "own.yaml"), "name: other\n");
  const again = rig();
  await again.run();
  expect(again.asked[0]).toBe("sweep R/experiment.yaml --out R/runs");
});
