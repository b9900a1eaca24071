import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runLabels } from "../../bench/docker/container-labels.ts";
import { containerSpec, createCall, dockerRunLine, specSha256 } from "../../bench/docker/container-spec.ts";
import { shellLine } from "../../bench/host/shell-words.ts";

const spec = containerSpec({
  name: "tollgate-agent",
  image: "lmsysorg/sglang:v0.5.10.post1",
  entrypoint: ["python3", "-m"],
  command: ["sglang.launch_server", "--json-model-override-args", '{"a": "it\'s"}'],
  environment: { HF_HOME: "/hf cache", NO_PROXY: "127.0.0.1,localhost" },
  secretEnvironment: ["HF_TOKEN", "UNSET"],
  ipc: "host",
  shmBytes: 32 * 1024 ** 3,
  memoryBytes: 1_500_000,
  ulimits: [
    { name: "memlock", soft: -1, hard: -1 },
    { name: "nofile", soft: 1024, hard: 4096 },
  ],
  volumes: [{ source: "/data/a,b", target: "/models", readOnly: true }],
  cpusetCpus: "0-31",
  cpusetMems: "0",
  gpus: ["0", "1", "2", "3"],
  user: "1000:1000",
  workingDirectory: "/work",
  labels: { "tollgate.owner": "run" },
});

test("a spec is a docker run line that a shell reads back word by word", () => {
  const words = execFileSync("sh", ["-c", `printf '%s\\n' ${dockerRunLine(spec)}`], { encoding: "utf8" });
  expect(words.trimEnd().split("\n")).toEqual([
    ..."docker run --detach --name tollgate-agent --network host --ipc host --shm-size 32g".split(" "),
    ..."--memory 1500000b --ulimit memlock=-1 --ulimit nofile=1024:4096".split(" "),
    ...'--gpus "device=0,1,2,3" --cpuset-cpus 0-31 --cpuset-mems 0'.split(" "),
    "--mount",
    'type=bind,"source=/data/a,b",target=/models,readonly',
    "--env",
    "HF_HOME=/hf cache",
    ..."--env NO_PROXY=127.0.0.1,localhost --env HF_TOKEN --env UNSET".split(" "),
    ..."--label tollgate.owner=run --user 1000:1000 --workdir /work --entrypoint python3".split(" "),
    ..."lmsysorg/sglang:v0.5.10.post1 -m sglang.launch_server --json-model-override-args".split(" "),
    '{"a": "it\'s"}',
  ]);
});

test("the same spec as a call of docker create: no value of a variable is among its words", () => {
  const call = createCall(spec, { HF_TOKEN: "secret", OTHER: "x" });
  expect(call.variables).toBe("HF_HOME=/hf cache\nNO_PROXY=127.0.0.1,localhost\nHF_TOKEN=secret\n");
  expect(call.environment).toEqual({});
  const words = call.args.join(" ");
  expect(words).toMatch(/^create --pull never --name tollgate-agent .* --env-file \/dev\/stdin --label/);
  expect(words).toContain(` --label tollgate.spec=${specSha256(spec)} `);
  expect(words).not.toMatch(/hf cache|HF_TOKEN|secret/);
});

test("a value of several lines goes another way, because the file of variables has one on each line", () => {
  const lines = containerSpec({ name: "x", image: "i", environment: { A: "1" }, secretEnvironment: ["KEY"] });
  const call = createCall(lines, { KEY: "first\nsecond" });
  expect(call).toMatchObject({ variables: "A=1\n", environment: { KEY: "first\nsecond" } });
  expect(call.args.slice(call.args.indexOf("--env-file"))).toEqual([
    "--env-file",
    "/dev/stdin",
    "--env",
    "KEY",
    "--label",
    `tollgate.spec=${specSha256(lines)}`,
    "i",
  ]);
});

test("what a run owns carries the variables that its supervisor looks for, and they do not change the spec", () => {
  const labels = runLabels({ runId: "r", supervisorId: "s", driver: "d" }, "agent");
  const owned = containerSpec({ name: "x", image: "i", labels });
  expect(createCall(owned, {}).variables).toBe("TOLLGATE_RUN=r\nTOLLGATE_SUPERVISOR=s\nTOLLGATE_DRIVER=d\n");
  expect(specSha256(owned)).toBe(specSha256(containerSpec({ name: "y", image: "i" })));
});

test("the hash of a spec depends on everything that decides what runs and on no order of keys", () => {
  const base = containerSpec({ name: "a", image: "i", environment: { A: "1", B: "2" } });
  expect(specSha256({ ...base, environment: { B: "2", A: "1" } })).toBe(specSha256(base));
  const changes = [
    { image: "j" },
    { environment: { A: "1" } },
    { gpus: ["0"] },
    { command: [] },
    { ipc: "host" },
  ];
  const hashes = changes.map((change) => specSha256({ ...base, ...change }));
  expect(new Set([specSha256(base), ...hashes]).size).toBe(changes.length + 1);
});

test("any words survive the shell", () => {
  const word = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
      const output = execFileSync("sh", ["-c", `printf '%s\\0' ${shellLine(words)}`], { encoding: "utf8" });
      expect(output.split("\0").slice(0, -1)).toEqual(words);
    }),
    { numRuns: 40 },
  );
});

test("a reference to a key is filled in by the shell that the line is pasted into, and nothing else is", () => {
  const words = ["A=${KEY}", "B=Bearer ${KEY} x", "C=${NONE:-low}", "$KEY", "'${KEY}'$(id)", ""];
  const line = shellLine(words, "references");
  const output = execFileSync("sh", ["-c", `printf '%s\\n' ${line}`], {
    encoding: "utf8",
    env: { ...process.env, KEY: "k-1" },
  });
  // The fifth word holds what a shell would run: then nothing of it is left to the shell.
  expect(output.split("\n").slice(0, -1)).toEqual([
    "A=k-1",
    "B=Bearer k-1 x",
    "C=low",
    "$KEY",
    "'${KEY}'$(id)",
    "",
  ]);
});
