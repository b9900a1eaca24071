import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sections } from "../../../bench/commands/parts.ts";
import { loadExperiment } from "../../../bench/config/load-experiment.ts";
import { expectExit, TemporaryFolder, tollgate, TollgateProcess } from "../../e2e/tollgate-process.ts";
import { invoke } from "../invoke.ts";

const folder = new TemporaryFolder();
const processes: TollgateProcess[] = [];
let [agent, user] = ["", ""];

async function simulated(role: string): Promise<string> {
  const server = new TollgateProcess(["simulate", "--role", role, "--port", "0", "--domain", "library"]);
  processes.push(server);
  await server.until(() => server.stdout.includes("\n"), { what: "a ready line" });
  return (JSON.parse(server.stdout) as { url: string }).url;
}
beforeAll(async () => {
  [agent, user] = await Promise.all([simulated("agent"), simulated("user")]);
});
afterAll(async () => {
  for (const server of processes) await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

let files = 0;
/** Runs init into a file of its own. */
async function init(words: readonly string[], given: Parameters<typeof invoke>[1] = {}) {
  const name = `mine-${(files += 1)}.yaml`;
  const finished = await invoke(["init", "-o", name, ...words], { workingDirectory: folder.path, ...given });
  const file = join(folder.path, name);
  return { ...finished, file, text: existsSync(file) ? readFileSync(file, "utf8") : "" };
}
const load = (file: string) =>
  loadExperiment(file, { sections, environment: {}, workingDirectory: folder.path }).experiment;

/** A model server of a few lines; what is not named here answers 404. */
async function server(
  answers: (url: string, authorized: boolean) => unknown,
): Promise<{ server: Server; url: string }> {
  const own = createServer((asked, reply) => {
    const answer = answers(asked.url ?? "", asked.headers.authorization === "Bearer right");
    reply.writeHead(answer === undefined ? 404 : typeof answer === "number" ? answer : 200);
    reply.end(JSON.stringify(answer ?? {}));
  }).listen(0, "127.0.0.1");
  await once(own, "listening");
  return { server: own, url: `http://127.0.0.1:${(own.address() as AddressInfo).port}` };
}

test("asks the servers what they are, and writes what a sweep then runs", async () => {
  const { code, stdout, stderr, file, text } = await init(["--agent", `${agent}/v1`, "--user", `${user}/`]);
  expect([code, stderr]).toEqual([0, expect.stringContaining(`asking ${agent} what it is`)]);
  expect(stdout).toMatch(
    /Agent +http:\S+, model tollgate-sim\n +SGLang 0\.5\.23\S* \(simulated\), 131072 tokens/,
  );
  expect(stdout).toContain("tools: a call arrives as tool_calls");
  expect(stdout).toMatch(/Run +tollgate sweep mine-\d+\.yaml/);
  expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=experiment.schema.json");
  expect(text).toMatch(/# metrics: SGLang's counters at http/);
  expect(JSON.parse(readFileSync(join(folder.path, "experiment.schema.json"), "utf8"))).toHaveProperty(
    "properties",
  );
  expect(load(file)).toMatchObject({
    name: file.split("/").at(-1)?.replace(".yaml", ""),
    stack: { kind: "attach", agent: { url: agent, model: "tollgate-sim" }, user: { url: user } },
    arms: [{ kind: "raw" }, { kind: "null-proxy" }, { kind: "gateway" }],
    sweep: { concurrency: [1, 4] },
  });
  const small = ["agent.kind=native", "workload.tasks.count=1", "sweep.concurrency=1"];
  const out = ["--out", join(folder.path, "runs")];
  expectExit(await tollgate(["sweep", file, ...small.flatMap((one) => ["--set", one]), ...out]), 0);
});

test("a gateway that runs already becomes an arm, with the key that it wants", async () => {
  const gateway = await server((url, authorized) => {
    if (url !== "/v1/chat/completions") return undefined;
    if (!authorized) return 401;
    return {
      choices: [{ message: { content: "hello" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    };
  });
  const words = ["--agent", agent, "--gateway", gateway.url, "--concurrency", "2,8"];
  const refused = await init(words);
  expect([refused.code, refused.text]).toEqual([2, ""]);
  expect(refused.stderr).toContain(
    "it wants a key. Name the environment variable that holds it with --gateway-key-env.",
  );
  const environment = { GATE_KEY: "right" };
  const { code, file, text } = await init([...words, "--gateway-key-env", "GATE_KEY"], { environment });
  gateway.server.close();
  expect(code).toBe(0);
  expect(load(file)).toMatchObject({
    stack: { agent: { url: agent }, user: { url: agent } },
    arms: [{}, {}, { kind: "url", name: "gateway", url: gateway.url, apiKeyEnv: "GATE_KEY" }],
    sweep: { concurrency: [2, 8] },
  });
  expect(text).toContain("its counters then mix both");
  expect(text).not.toContain("right");
});

test("what a server lacks is said, with what to do, and stands in the file", async () => {
  const bare = await server((url) =>
    url === "/v1/models" ? { data: [{ id: "a\n# evil" }, { id: "b" }] } : undefined,
  );
  const { code, stdout, text, file } = await init(["--agent", bare.url, "--user", user]);
  bare.server.close();
  expect(code).toBe(0);
  expect(stdout).toMatch(/metrics: none .*\n[^]*-> start SGLang with\s+--enable-metrics/);
  expect(stdout).toMatch(/tools: a request with a tool gave\s+status 404/);
  expect(text).not.toMatch(/^# evil/m);
  expect(load(file).stack).toMatchObject({ agent: { model: "a\n# evil" } });
});

test.each<[string, readonly string[], number, RegExp]>([
  ["nothing said and nobody to ask", [], 2, /Give --agent http:\/\/HOST:PORT/],
  ["both", ["--simulated", "--agent", "http://x:1"], 2, /are two experiments/],
  ["no address", ["--agent", "127.0.0.1:30000"], 2, /Did you mean http:\/\/127\.0\.0\.1:30000\?/],
  ["nobody there", ["--agent", "http://127.0.0.1:9"], 3, /Is the server running/],
  ["a gateway without an engine", ["--simulated", "--gateway", "http://x:1"], 2, /name that with --agent/],
  ["a key in place of its name", ["--agent", "http://x:1", "--key-env", "sk-123"], 2, /not the key itself/],
  [
    "a variable that is not set",
    ["--agent", "http://x:1", "--key-env", "NOPE"],
    2,
    /NOPE, which is not set.*--env-file/,
  ],
  ["loads that are none", ["--simulated", "--concurrency", "1,x"], 2, /Give a whole number/],
  ["a name that is none", ["--simulated", "--name", "No Name"], 2, /lower-case letters/],
  ["a domain that there is not", ["--simulated", "--domain", "libary"], 2, /Unknown domain "libary"/],
])("%s: refused, and nothing is written", async (...[, words, code, message]) => {
  const refused = await init(words);
  expect([refused.code, refused.text]).toEqual([code, ""]);
  expect(refused.stderr).toMatch(message);
});

test("one server may have a model and a key for each role, and a file any name", async () => {
  const both = await server((url) =>
    url === "/v1/models" ? { data: [{ id: "a" }, { id: "b" }] } : undefined,
  );
  const environment = { KEY: "k", OTHER: "o" };
  const words = ["--agent", both.url, "--key-env", "KEY", "--user-key-env", "OTHER", "--user-model"];
  expect((await init([...words, "c"], { environment })).stderr).toContain(
    "serves a, b, not c. Correct --user-model",
  );
  const name = "My Servers.yaml";
  const { code, stdout } = await invoke(["init", "-o", name, ...words, "b"], {
    environment,
    workingDirectory: folder.path,
  });
  both.server.close();
  expect([code, stdout]).toEqual([0, expect.stringContaining("tollgate sweep 'My Servers.yaml'")]);
  expect(load(join(folder.path, name))).toMatchObject({
    name: "my-servers",
    stack: {
      agent: { model: "a", apiKeyEnv: "KEY" },
      user: { url: both.url, model: "b", apiKeyEnv: "OTHER" },
    },
  });
});

test("a model that is not served is refused with those that are", async () => {
  const refused = await init(["--agent", agent, "--model", "nosuch"]);
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringMatching(/serves tollgate-sim, not nosuch\. Correct --model/),
  ]);
});

test("a file that is there stays, unless it is to be written over", async () => {
  const { file, text } = await init(["--simulated"]);
  expect(load(file)).toMatchObject({ stack: { kind: "embedded" }, arms: [{}, {}, { kind: "gateway" }] });
  const again = ["init", "-o", file, "--simulated", "--concurrency", "7"];
  const refused = await invoke(again);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("is there already")]);
  expect(readFileSync(file, "utf8")).toBe(text);
  expect((await invoke([...again, "--force"])).code).toBe(0);
  expect(load(file).sweep.concurrency).toEqual([7]);
});

test("at a terminal it asks: servers, a key where one is wanted, a model where there are several", async () => {
  const keyed = await server((url, authorized) => {
    if (url !== "/v1/models") return undefined;
    return authorized ? { data: [{ id: "first" }, { id: "second" }] } : 401;
  });
  const questions: string[] = [];
  const answers = [keyed.url.replace("http://", ""), "", user, "AGENT_KEY", "2"];
  const { code, stderr, file } = await init([], {
    environment: { AGENT_KEY: "right" },
    ask: (question) => {
      questions.push(question);
      return Promise.resolve(answers[questions.length - 1] ?? "");
    },
  });
  keyed.server.close();
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(questions).toEqual([
    expect.stringContaining("The agent's server"),
    expect.stringContaining("A gateway"),
    expect.stringContaining("plays the user"),
    expect.stringContaining("wants a key"),
    expect.stringContaining("Which one"),
  ]);
  expect(load(file).stack).toMatchObject({
    agent: { url: keyed.url, model: "second", apiKeyEnv: "AGENT_KEY" },
    user: { url: user, model: "tollgate-sim" },
  });
});

test("--json tells what was found", async () => {
  const { stdout } = await init(["--agent", agent, "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    v: 1,
    servers: { agent: { url: agent, probed: { models: ["tollgate-sim"] } } },
    gateway: null,
  });
});
