import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TollgateProcess } from "../e2e/tollgate-process.ts";
import { Workplace } from "../e2e/small-experiment.ts";
import { expectExit, pause, processesOf, tollgate, type Finished } from "../e2e/tollgate-process.ts";
import { libraryEngine } from "../gateway/recorded-run.ts";
import { startReceiver } from "../otlp/otlp-receiver.ts";
import { unpack } from "../pack/unpacked.ts";

/**
 * A key in every variable and setting that the documents name. Each reaches whom it is for, and is found in no file, no command line, no
 * variable of a process that it is not for, nothing that is printed, no page and no archive.
 */
const minutes = 60_000;
const canary = (name: string) => `canary-${name.toLowerCase().replaceAll("_", "-")}-5Xq9`;
const names = [
  "ENGINE_KEY",
  "USER_KEY",
  "GATEWAY_KEY",
  "HEADER_KEY",
  "GW_KEY",
  "ARG_KEY",
  "FILE_KEY",
  "PLAIN_NAME",
  "SENT_KEY",
  "OTLP_TOKEN",
  "JUDGE_KEY",
  "HF_TOKEN",
  "OPENAI_API_KEY",
  "ANTHROPIC_API_KEY",
  "AWS_SECRET_ACCESS_KEY",
  "GITHUB_TOKEN",
  "NPM_TOKEN",
  "LITELLM_MASTER_KEY",
  "AREAL_ADMIN_KEY",
  "PORTKEY_API_KEY",
  "DATABASE_PASSWORD",
  "COOKIE_SECRET",
];
/** Keys that are written out, and those of a file of variables. */
const written = {
  literal: "canary-literal-5Xq9",
  inFile: "canary-in-file-5Xq9",
  set: "canary-set-5Xq9",
  envFile: canary("ENV_FILE_KEY"),
};
const environment = Object.fromEntries(names.map((name) => [name, canary(name)]));
const all = [...names.map(canary), ...Object.values(written)];
/** Who passes a key on must be shown it: the program of the command arm, by its variables and arguments. */
const forProgram = ["GW_KEY", "PLAIN_NAME", "ARG_KEY"]
  .map(canary)
  .concat(written.literal, written.set, written.envFile);

const place = new Workplace();
const closers: (() => unknown)[] = [];
const received = new Map<string, Set<string>>();
let run = "";
const said: string[] = [];

/** A server that takes one key only, and says with which headers it was asked. */
async function keyed(name: string, upstream: string, key: string): Promise<string> {
  const seen = new Set<string>();
  received.set(name, seen);
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    for (const value of Object.values(incoming.headers)) seen.add(String(value));
    if (incoming.headers.authorization !== `Bearer ${key}` && incoming.url !== "/metrics") {
      outgoing
        .writeHead(401, { "content-type": "application/json" })
        .end('{"error":{"message":"no such key"}}');
      return;
    }
    const { host: _host, connection: _connection, ...headers } = incoming.headers;
    const passed = send(
      new URL(incoming.url ?? "/", upstream),
      { method: incoming.method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    passed.on("error", () => outgoing.destroy());
    incoming.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const keep = (finished: Finished) => {
  said.push(finished.stdout, finished.stderr);
  return finished;
};
const program = resolve("test/run/replay/fixtures/odd-gateway-program.ts");
const engines: TollgateProcess[] = [];

beforeAll(async () => {
  const [agent, user] = await Promise.all([libraryEngine("agent"), libraryEngine("user")]);
  engines.push(agent.process, user.process);
  const agentUrl = await keyed("agent", agent.url, canary("ENGINE_KEY"));
  const userUrl = await keyed("user", user.url, canary("USER_KEY"));
  const gatewayUrl = await keyed("gateway", agent.url, canary("GATEWAY_KEY"));
  const receiver = await startReceiver();
  closers.push(() => receiver[Symbol.asyncDispose]());
  received.set("otlp", new Set());
  place.write({
    stack: {
      kind: "attach",
      agent: { url: agentUrl, apiKeyEnv: "ENGINE_KEY" },
      user: { url: userUrl, apiKeyEnv: "USER_KEY" },
    },
    arms: [
      { kind: "raw" },
      { kind: "null-proxy" },
      { kind: "gateway", level: "L0" },
      {
        kind: "url",
        name: "url",
        url: gatewayUrl,
        apiKeyEnv: "GATEWAY_KEY",
        headers: { "x-extra": "Key ${HEADER_KEY}" },
      },
      {
        kind: "command",
        name: "command",
        command: [process.execPath, program, "{engine}", "{port}", "", "--api-key", "${ARG_KEY}"],
        environment: {
          AZURE_API_KEY: "${GW_KEY}",
          PLAIN: "${PLAIN_NAME}",
          WRITTEN_API_KEY: written.literal,
          FROM_FILE: "${ENV_FILE_KEY}",
        },
        files: { "conf/keys.yaml": 'api_key: "${FILE_KEY}"\nother_secret: canary-in-file-5Xq9\n' },
        apiKeyEnv: "ENGINE_KEY",
        headers: { "x-sent": "${SENT_KEY}" },
      },
    ],
    workload: {
      domain: "library",
      tasks: { count: 2 },
      judge: { url: gatewayUrl, model: "m", apiKeyEnv: "JUDGE_KEY" },
    },
    sinks: [
      { kind: "jsonl", path: join(place.path, "sink.jsonl") },
      { kind: "otlp", endpoint: receiver.url, headers: { authorization: "Bearer ${OTLP_TOKEN}" } },
    ],
  });
}, 2 * minutes);
afterAll(async () => {
  for (const close of closers) await close();
  for (const engine of engines) await engine[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

const spellings = (key: string) => [
  key,
  encodeURIComponent(key),
  Buffer.from(key).toString("base64").slice(0, -4),
];

/** Which of the keys stand in a text, in any spelling. */
const found = (text: string, keys: readonly string[] = all) =>
  keys.filter((key) => spellings(key).some((spelling) => text.includes(spelling)));

function contentOf(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith(".zst") && !file.includes(".tar") ? zstdDecompressSync(bytes) : bytes).toString(
    "latin1",
  );
}

/** Files below a folder that hold a key, with the keys. */
const filesWith = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((file) => {
      const keys = found(contentOf(file));
      return keys.length === 0 ? [] : [`${file}: ${keys.join(", ")}`];
    });

interface Seen {
  readonly argv: string;
  readonly keys: readonly string[];
}

/** What every process of the run shows to everybody (its words) and to its own user (its variables), as long as it goes on. */
async function watchProcesses(runId: string, driver: TollgateProcess): Promise<ReadonlyMap<number, Seen>> {
  const seen = new Map<number, Seen>();
  while (!driver.ended) {
    for (const pid of processesOf(runId)) {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        seen.set(pid, { argv, keys: found(readFileSync(`/proc/${pid}/environ`, "utf8")) });
      } catch {
        continue; // It ended while we looked.
      }
    }
    await pause(100);
  }
  return seen;
}

test(
  "a run: keys reach whom they are for, and no other process, no file and no line",
  async () => {
    const variables = join(place.path, "variables.env");
    writeFileSync(variables, `ENV_FILE_KEY=${written.envFile}\n`);
    Object.assign(environment, place.environment);
    const words = ["--env-file", variables, "--set", `arms.4.environment.SET_TOKEN=${written.set}`];
    keep(await tollgate(["plan", place.file, ...words], environment));
    const { TollgateProcess: Started } = await import("../e2e/tollgate-process.ts");
    await using driver = new Started(
      ["sweep", place.file, "--out", place.runs, "--skip-preflight", "fidelity", ...words],
      environment,
    );
    run = await driver.runDirectory(2 * minutes);
    const processes = await watchProcesses(run.slice(run.lastIndexOf("/") + 1), driver);
    const swept = keep(await driver.finished());
    expect([0, 1]).toContain(swept.code);

    expect([...(received.get("agent") ?? [])].join()).toContain(canary("ENGINE_KEY"));
    expect([...(received.get("user") ?? [])].join()).toContain(canary("USER_KEY"));
    const gatewayHeaders = [...(received.get("gateway") ?? [])];
    expect(gatewayHeaders).toEqual(
      expect.arrayContaining([`Bearer ${canary("GATEWAY_KEY")}`, `Key ${canary("HEADER_KEY")}`]),
    );
    // Nobody was asked with a key that is another one's.
    expect(
      found([...(received.get("gateway") ?? [])].join(), [canary("ENGINE_KEY"), canary("USER_KEY")]),
    ).toEqual([]);

    const program = [...processes.values()].filter(({ argv }) => argv.includes("odd-gateway-program"));
    expect(program.length).toBeGreaterThan(0);
    for (const { argv, keys } of processes.values()) {
      const isProgram = argv.includes("odd-gateway-program");
      // Our own gateway asks the engine, with the engine's key.
      const its = argv.includes("main.ts gateway ") ? [canary("ENGINE_KEY")] : isProgram ? forProgram : [];
      const shown = found(argv).filter((key) => !isProgram || key !== canary("ARG_KEY"));
      expect([argv.slice(0, 120), shown, keys.filter((key) => !its.includes(key))]).toEqual([
        argv.slice(0, 120),
        [],
        [],
      ]);
    }
    expect(filesWith(run)).toEqual([]);
    expect(found(said.join("\n"))).toEqual([]);
    expect(filesWith(place.environment["TMPDIR"] ?? "")).toEqual([]);
  },
  10 * minutes,
);

test("what may hold what others print or send is its owner's alone", () => {
  const open = ["run.json", "logs", "evidence"].filter(
    (name) => (statSync(join(run, name)).mode & 0o077) !== 0,
  );
  expect(open).toEqual([]);
});

test(
  "reports, exports, archives and pages hold none of them",
  async () => {
    const out = join(place.path, "out");
    mkdirSync(out);
    for (const format of ["md", "json", "csv", "html"])
      keep(await tollgate(["report", run, "--format", format], environment));
    for (const words of [
      ["inspect", run],
      ["inspect", run, "--json"],
      ["inspect", run, "--bytes"],
      ["runs", "--out", place.runs],
      ["status", run],
      ["compare", run, run],
      ["doctor"],
    ])
      keep(await tollgate(words, environment));
    for (const format of ["jsonl", "sft", "atif", "requests", "parquet"])
      keep(await tollgate(["export", run, "--format", format, "-o", join(out, format)], environment));
    for (const [name, more, variables] of [
      ["all", [], environment],
      ["public", ["--public"], environment],
      ["from-elsewhere", ["--public"], place.environment],
    ] as const) {
      const archive = join(place.path, `${name}.tar.zst`);
      expectExit(keep(await tollgate(["pack", run, "-o", archive, ...more], variables)), 0);
      await unpack(archive, join(out, name));
      expect(more.length > 0 || (statSync(archive).mode & 0o077) === 0).toBe(true);
    }
    expect(filesWith(out)).toEqual([]);
    expect(found(said.join("\n"))).toEqual([]);

    const { TollgateProcess: Started } = await import("../e2e/tollgate-process.ts");
    await using view = new Started(["view", run, "--port", "0"], environment);
    await view.until(() => /http:\/\/\S+/.test(view.stdout + view.stderr), { what: "an address" });
    const [address = ""] = /http:\/\/[\w.:]+/.exec(view.stdout + view.stderr) ?? [];
    const asked = new Set([`${address}/`]);
    for (const url of asked) {
      const text = await (await fetch(url)).text();
      expect({ url, found: found(text) }).toEqual({ url, found: [] });
      for (const [, href = ""] of text.matchAll(/href="([^"#]+)/g)) {
        const next = new URL(href, url);
        if (next.origin === new URL(address).origin && asked.size < 60) asked.add(next.href);
      }
    }
    expect(asked.size).toBeGreaterThan(3);
  },
  10 * minutes,
);

test(
  "other keys later: the run goes on, and nothing of them is written either",
  async () => {
    const rotated = Object.fromEntries(names.map((name) => [name, `${canary(name)}-rotated`]));
    const resumed = await tollgate(
      [
        "sweep",
        place.file,
        "--out",
        place.runs,
        "--resume",
        run,
        "--env-file",
        join(place.path, "variables.env"),
        "--set",
        "arms.4.environment.SET_TOKEN=rotated-5Xq9",
      ],
      { ...rotated, ...place.environment },
    );
    expect(resumed.stderr).not.toMatch(/another|differs/);
    expect(filesWith(run)).toEqual([]);
  },
  5 * minutes,
);
