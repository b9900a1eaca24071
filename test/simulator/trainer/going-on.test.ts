import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { ConfigError } from "../../../bench/errors.ts";
import { isTrainerRole, parseTrainerArguments } from "../../../bench/simulator/trainer/arguments.ts";
import { CompletionCache } from "../../../bench/simulator/trainer/state/completion-cache.ts";
import { runProgram } from "../engine-process.ts";
import { ask, quick, startTrainer } from "./started-trainer.ts";

const program = fileURLToPath(new URL("../../../bench/simulator/program.ts", import.meta.url));
const system = { role: "system", content: "You are a helpful assistant." };
const messages = [system, { role: "user", content: "Tell me about tides." }];

/** The real program, which a kill ends. */
async function startProgram(
  state: string,
  law: object,
): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const file = join(state, "law.json");
  writeFileSync(file, JSON.stringify({ ...quick, ...law }));
  const args = ["--role", "trainer", "--port", "0", "--law", file, "--state", join(state, "state")];
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { url: (JSON.parse(line) as { url: string }).url, child };
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "trainer-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function chat(url: string): Promise<string> {
  const body = { model: "Qwen/Qwen3-8B", messages, temperature: 0 };
  const { json } = await ask(`${url}/v1/chat/completions`, body);
  return (json as { choices: [{ message: { content: string } }] }).choices[0].message.content;
}

const teach = async (url: string, response: string) =>
  await ask(`${url}/v1/feedback`, {
    requests: [{ lora_id: "a-init", prompt: "p", response, feedback: "no emoji" }],
  });

interface States {
  readonly adapters: readonly {
    readonly updates: number;
    readonly learned: object;
    readonly last: object | null;
  }[];
}
const states = async (url: string) => ((await ask(`${url}/simulator/adapters`)).json as States).adapters;

test("killed when an update is made and not told, it goes on after it; killed in the middle of one, before it", async () => {
  const folder = emptyFolder();
  const law = { faults: { die_after_update: 2, die_in_update: 3 } };
  const first = await startProgram(folder, law);
  await ask(`${first.url}/v1/lora/init`, { lora_id: "a" });
  const response = await chat(first.url);
  expect((await teach(first.url, response)).status).toBe(200);
  await expect(teach(first.url, response)).rejects.toThrow("fetch failed");
  expect((await once(first.child, "exit"))[1]).toBe("SIGKILL");
  // What an update before the kill has cached is known, and what the last update would have answered is told.
  const second = await startProgram(folder, law);
  expect(await states(second.url)).toMatchObject([
    { updates: 2, learned: { no_emoji: 2 }, last: { tokens_processed: expect.any(Number) as unknown } },
  ]);
  await expect(teach(second.url, response)).rejects.toThrow("fetch failed");
  expect((await once(second.child, "exit"))[1]).toBe("SIGKILL");
  const third = await startProgram(folder, law);
  expect((await states(third.url))[0]?.updates).toBe(2);
  // It died there once, and does not again.
  expect((await teach(third.url, response)).status).toBe(200);
  const unbroken = await startTrainer();
  await ask(`${unbroken.url}/v1/lora/init`, { lora_id: "a" });
  await chat(unbroken.url);
  for (let at = 0; at < 3; at++) await teach(unbroken.url, response);
  expect(await states(third.url)).toEqual(await states(unbroken.url));
});

test("a line of answers that a kill has cut, and half a file, are left out", async () => {
  const folder = emptyFolder();
  const first = await startTrainer({}, folder);
  await ask(`${first.url}/v1/lora/init`, { lora_id: "a/b" });
  const response = await chat(first.url);
  await first.stop();
  appendFileSync(join(folder, "completions.jsonl"), '{"key": "ab');
  writeFileSync(join(folder, "adapters", "a%2Fb-init.json.new"), '{"lora');
  const second = await startTrainer({}, folder);
  const told = await ask(`${second.url}/v1/feedback`, {
    requests: [{ lora_id: "a/b-latest", prompt: "p", response, feedback: "Kuro" }],
  });
  expect(told.status).toBe(200);
  expect(readdirSync(join(folder, "adapters"))).toEqual(["a%2Fb-init.json"]);
  writeFileSync(join(folder, "adapters", "x.json"), "{}");
  await expect(startTrainer({}, folder)).rejects.toThrow(
    "x.json is no adapter of a simulated trainer; remove it",
  );
});

test("updates of one adapter follow each other, and the page of adapters waits for those that run", async () => {
  const { url } = await startTrainer({ training: { update_ms: 60 } });
  await ask(`${url}/v1/lora/init`, { lora_id: "a" });
  const response = await chat(url);
  const running = [teach(url, response), teach(url, response), teach(url, response)];
  await expect
    .poll(async () => (await ask(`${url}/metrics`)).text)
    .toMatch(/tollgate_trainer_training\{[^}]*\} 1\.0/);
  expect((await states(url))[0]?.updates).toBe(3);
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200, 200]);
});

test.each([
  ["feedback_500", 500, 0],
  ["feedback_lost", null, 1],
] as const)("%s strikes every second time: status %s with %d updates made", async (fault, status, made) => {
  const { url } = await startTrainer({ faults: { [fault]: 2 } });
  await ask(`${url}/v1/lora/init`, { lora_id: "a" });
  const response = await chat(url);
  expect((await teach(url, response)).status).toBe(200);
  const struck = await teach(url, response).then(
    (said) => said.status,
    () => null,
  );
  expect(struck).toBe(status);
  expect((await states(url))[0]?.updates).toBe(1 + made);
});

test("generations fail, are empty, and answers are cut where the law says so", async () => {
  const failing = await startTrainer({ faults: { generation_500: 2 } });
  await chat(failing.url);
  await expect(chat(failing.url)).rejects.toThrow("Cannot read properties of undefined");
  const empty = await startTrainer({ faults: { empty_answer: 1 } });
  expect(await chat(empty.url)).toBe("");
  const cut = await startTrainer({ faults: { wrong_json: 1 } });
  const answer = await ask(`${cut.url}/v1/lora/init`, { lora_id: "a" });
  expect([answer.status, answer.json]).toEqual([200, undefined]);
  const hanging = await startTrainer({ faults: { generation_hang: 1, feedback_hang: 1 } });
  const body = JSON.stringify({ model: "", messages });
  const waiting = fetch(`${hanging.url}/v1/chat/completions`, {
    method: "POST",
    body,
    signal: AbortSignal.timeout(300),
  });
  await expect(waiting).rejects.toThrow("timeout");
});

test("the page of metrics counts what was served, by SGLang's names", async () => {
  const { url } = await startTrainer({ serving: { ttft_ms: 200, token_ms: 0, max_running: 1 } });
  const value = async (name: string) => {
    const { text } = await ask(`${url}/metrics`);
    return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(text)?.[1]);
  };
  expect(await value("sglang:num_requests_total")).toBe(0);
  const running = [chat(url), chat(url), chat(url)];
  await expect
    .poll(async () => [await value("sglang:num_running_reqs"), await value("sglang:num_queue_reqs")])
    .toEqual([1, 2]);
  await Promise.all(running);
  expect(await value("sglang:num_requests_total")).toBe(3);
  expect(await value("sglang:time_to_first_token_seconds_count")).toBe(3);
  expect(await value("sglang:queue_time_seconds_count")).toBe(3);
  expect(await value("sglang:num_running_reqs")).toBe(0);
  expect(await value("sglang:generation_tokens_total")).toBeGreaterThan(100);
});

test("command lines that cannot work are refused with a reason and the usage", async () => {
  const folder = emptyFolder();
  const wrong = join(folder, "law.yaml");
  writeFileSync(wrong, "mode: cloud\nspeed: 3\n");
  const start = ["--role", "trainer", "--port", "0"];
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--role", "trainer"], "port: needs a number from 0 to 65535, not nothing"],
    [["--role", "trainer", "--port", "x"], "not x"],
    [[...start, "--laws", "x"], "--laws"],
    [[...start, "--law", join(folder, "absent")], "cannot be read"],
    [[...start, "--law", wrong], 'Invalid option: expected one of "local"|"tinker"|"modal"'],
  ];
  for (const [words, why] of cases) {
    expect(isTrainerRole(words)).toBe(true);
    expect(() => parseTrainerArguments(words)).toThrow(ConfigError);
    expect(() => parseTrainerArguments(words)).toThrow(why);
  }
  expect(isTrainerRole(["--role=trainer"])).toBe(true);
  expect(isTrainerRole(["--role", "agent", "--model", "trainer"])).toBe(false);
  const ended = await runProgram([...start, "--state", "/dev/null/x"]);
  expect([ended.code, ended.stdout]).toEqual([2, ""]);
  expect(ended.stderr).toContain("--state /dev/null/x cannot be used as a folder");
});

test("a fresh adapter waits for the update of the one that it replaces, and so does who deletes one", async () => {
  const { url } = await startTrainer({ training: { update_ms: 80 } });
  await ask(`${url}/v1/lora/init`, { lora_id: "a" });
  const response = await chat(url);
  const trains = async () => (await ask(`${url}/metrics`)).text;
  const first = teach(url, response);
  await expect.poll(trains).toMatch(/tollgate_trainer_training\{[^}]*\} 1\.0/);
  await ask(`${url}/v1/lora/init`, { lora_id: "a" });
  expect((await first).status).toBe(200);
  expect((await states(url))[0]?.updates).toBe(0);
  const second = teach(url, response);
  await expect.poll(trains).toMatch(/tollgate_trainer_training\{[^}]*\} 1\.0/);
  await ask(`${url}/v1/lora?lora_id=a-init`, undefined, "DELETE");
  expect((await second).status).toBe(200);
  expect(await states(url)).toEqual([]);
  expect((await teach(url, response)).status).toBe(404);
});

test("in mode tinker a trainer that was killed answers with the adapter with which it answered before", async () => {
  const folder = emptyFolder();
  const first = await startTrainer({ mode: "tinker" }, folder);
  const scoreOf = async (url: string) =>
    (await ask(`${url}/v1/score`, { model: "any", messages, completion: "a b" })).text;
  await ask(`${first.url}/v1/lora/init`, { lora_id: "a-init" });
  expect((await teach(first.url, await chat(first.url))).status).toBe(200);
  const learned = await scoreOf(first.url);
  await first.stop();
  const second = await startTrainer({ mode: "tinker" }, folder);
  expect(await scoreOf(second.url)).toBe(learned);
  await ask(`${second.url}/v1/sampler/refresh`, { model_path: null });
  await second.stop();
  const third = await startTrainer({ mode: "tinker" }, folder);
  expect(await scoreOf(third.url)).not.toBe(learned);
});

test("an update counts by its learning rate, and an adapter keeps what it learned of everything", async () => {
  const { url } = await startTrainer();
  await ask(`${url}/v1/lora/init`, { lora_id: "a" });
  const response = await chat(url);
  const lesson = async (feedback: string, learning_rate: number) => {
    const item = { lora_id: "a-init", prompt: "p", response, feedback, training: { learning_rate } };
    return (await ask(`${url}/v1/feedback`, { requests: [item] })).status;
  };
  const lessons = [
    ["No emoji", 6e-5],
    ["Be concise, Kuro", 3e-5],
    ["Nothing known", 3e-5],
  ] as const;
  for (const [feedback, rate] of lessons) expect(await lesson(feedback, rate)).toBe(200);
  const [adapter] = await states(url);
  expect(adapter).toMatchObject({ updates: 3, learned: { no_emoji: 2, concise: 1, identity: 1 } });
  expect(adapter?.last).toMatchObject({ distill_loss: null, total_loss: null });
});

test("an answer is remembered for an hour", () => {
  let nowMs = 0;
  const cache = new CompletionCache(10, () => nowMs);
  const answer = { key: "k", tokens: 1, has_logprobs: true, has_system_prompt: true, at_ms: 0 };
  cache.put(answer);
  nowMs = 3_600_000;
  expect(cache.get("k")).toEqual(answer);
  nowMs += 1;
  expect(cache.get("k")).toBeNull();
});

test("while an update runs, answers take longer by the stated factor", async () => {
  const law = { serving: { ttft_ms: 60, token_ms: 0 }, training: { update_ms: 1500, slowdown: 5 } };
  const { url } = await startTrainer(law);
  await ask(`${url}/v1/lora/init`, { lora_id: "a" });
  const response = await chat(url);
  const running = teach(url, response);
  await expect
    .poll(async () => (await ask(`${url}/metrics`)).text)
    .toMatch(/tollgate_trainer_training\{[^}]*\} 1\.0/);
  const start = performance.now();
  await chat(url);
  // A timer may be late and is never early: without the factor 60 ms would do on a machine that is not busy.
  expect(performance.now() - start).toBeGreaterThan(5 * 60 - 10);
  expect((await running).status).toBe(200);
});
