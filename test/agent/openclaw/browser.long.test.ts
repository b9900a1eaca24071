import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgentTurn, OwnToolCall } from "../../../bench/agent/agent.ts";
import { openclaw } from "../../../bench/agent/openclaw/agent.ts";
import { defaultLimits } from "../../../bench/config/sandbox-schema.ts";
import { chooseSandbox } from "../../../bench/sandbox/choice/choose.ts";
import type { Sandbox, SandboxFactory } from "../../../bench/sandbox/sandbox.ts";
import { Rig, type RigReply } from "./rig.ts";
import type { ScriptedAnswer, SeenRequest } from "./scripted-model.ts";

/**
 * OpenClaw's own browser tool with a real Chromium, which lies in the session's sandbox. It leans on parts of OpenClaw that
 * its cloud workers use; each test is named after what it leans on, so that the first red line after an upgrade says what broke.
 */
const { ownTools } = openclaw.describe({ kind: "openclaw", prompt: "exact", gateways: "auto" }, "workspace");
const canary = "CANARY-of-the-machine";
let rig: Rig;
let factory: SandboxFactory;
/** Of this machine, beside every sandbox. */
let neighbour: Server;
let neighbourUrl: string;
let secret: string;
let asked = 0;

beforeAll(async () => {
  rig = await Rig.start(() => "Error: nothing is served", ownTools);
  secret = path.join(rig.directory, "secret.html");
  writeFileSync(secret, canary);
  neighbour = createServer((_, response) => {
    asked += 1;
    response.setHeader("access-control-allow-origin", "*").end(canary);
  }).listen(0, "127.0.0.1");
  await once(neighbour, "listening");
  const address = neighbour.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  neighbourUrl = `http://127.0.0.1:${address.port}/`;
  const scratchDirectory = path.join(rig.directory, "sandboxes");
  mkdirSync(scratchDirectory);
  const childEnvironment = { PATH: process.env["PATH"] ?? "", TOLLGATE_RUN: rig.runId };
  factory = await chooseSandbox({ kind: "auto" }, { childEnvironment, scratchDirectory, hidden: [] });
}, 400_000);

afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
  neighbour?.close();
}, 60_000);

/** Serves the workspace and keeps what the form sends. */
const page = `<title>Guests</title><h1>Guests</h1>
<form action="/said"><label>Name <input name="name"></label><button>Send</button></form>`;
const serve = `cat >server.py <<'END'
import http.server, urllib.parse
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/said"):
            open("said.txt", "w").write(urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["name"][0])
        super().do_GET() if self.path == "/" else (self.send_response(200), self.end_headers(), self.wfile.write(b"Thank you."))
http.server.ThreadingHTTPServer(("127.0.0.1", 8181), Handler).serve_forever()
END
nohup python3 server.py >/dev/null 2>&1 &
for each in 1 2 3 4 5 6 7 8 9; do (exec 3<>/dev/tcp/127.0.0.1/8181) 2>/dev/null && break; sleep 1; done; echo up`;
const here = "http://127.0.0.1:8181/";

let calls = 0;
const call = (name: string, given: Readonly<Record<string, unknown>>): ScriptedAnswer => ({
  calls: [{ id: `call_${(calls += 1)}`, name, arguments: JSON.stringify(given) }],
});
const exec = (command: string) => call("exec", { command });
/** On a busy machine the times that OpenClaw takes by itself are too short. */
const browser = (given: Readonly<Record<string, unknown>>) =>
  call("browser", { ...given, timeoutMs: 60_000 });
const evaluate = (fn: string) => browser({ action: "act", kind: "evaluate", fn });

/** The reference of what the last result of a tool shows, e.g. of `button "Send"`. */
function ref({ body }: SeenRequest, shown: string): string {
  const said = JSON.stringify(body.messages.findLast(({ role }) => role === "tool")?.content);
  const found = new RegExp(`${shown.replaceAll('"', String.raw`\\+"`)}[^\\n]*?\\[ref=(e\\d+)\\]`).exec(
    said,
  )?.[1];
  if (found === undefined) throw new Error(`no ${shown} in ${said}`);
  return found;
}

interface Played {
  readonly turn: AgentTurn;
  readonly calls: readonly OwnToolCall[];
  readonly sandbox: Sandbox;
  readonly hostDirectory: string;
}

interface Play {
  readonly withBrowser?: boolean;
  /** Before the session is closed, and while the sandbox lives after it. */
  readonly before?: (played: Played) => Promise<void>;
  readonly after?: (played: Played) => Promise<void>;
}

async function play(
  key: string,
  replies: readonly RigReply[],
  { withBrowser = true, before, after }: Play = {},
): Promise<Played> {
  const hostDirectory = path.join(rig.directory, "ws", key);
  mkdirSync(hostDirectory, { recursive: true });
  writeFileSync(path.join(hostDirectory, "index.html"), page);
  const request = { name: key, workspace: hostDirectory, readOnly: [], network: false, environment: {} };
  await using sandbox = await factory.open({ ...request, limits: defaultLimits });
  const workspace = {
    directory: sandbox.directory,
    hostDirectory,
    enter: sandbox.enter([]),
    ...(withBrowser ? { browser: { network: false } } : {}),
  };
  const session = await rig.open({ key, replies, tools: "[]", workspace, turnTimeoutMs: 300_000 });
  const turn = await session.turn("Do it.", new AbortController().signal);
  const played = { turn, calls: session.takeOwnCalls?.() ?? [], sandbox, hostDirectory };
  await before?.(played);
  await session[Symbol.asyncDispose]();
  await after?.(played);
  return played;
}

const toolsOf = (key: string) => {
  const tools = rig.model.of(key)[0]?.body["tools"] as {
    function: {
      name: string;
      description: string;
      parameters: { properties: { action: { enum: string[] } } };
    };
  }[];
  return tools.map((tool) => tool.function);
};

/** Its processes; the pattern does not find itself. Dead ones have no command line. */
async function chromiumIn(sandbox: Sandbox): Promise<number> {
  const script = "grep -alE '[c]hromium' /proc/[0-9]*/cmdline 2>/dev/null | wc -l";
  const { stdout } = await sandbox.run(["sh", "-c", script], { timeoutMs: 30_000, outputBytesMax: 1000 });
  return Number(Buffer.from(stdout).toString());
}

test("tool: OpenClaw's own, without what looks at its machine, and only where the task asks for it", async () => {
  await play("with", [{ say: "ok" }]);
  await play("without", [{ say: "ok" }], { withBrowser: false });
  const withBrowser = toolsOf("with");
  const withoutBrowser = toolsOf("without");
  const names = ["edit", "exec", "process", "read", "write"];
  expect(withoutBrowser.map(({ name }) => name)).toEqual(names);
  expect(withBrowser.map(({ name }) => name)).toEqual(["browser", ...names]);
  // Not a word of what the others are told is different.
  expect(withBrowser.slice(1)).toEqual(withoutBrowser);
  const [tool] = withBrowser;
  expect(tool?.description).toContain("Control the browser via OpenClaw's browser control server.");
  expect(tool?.description).toContain("Default: sandbox.");
  const actions = tool?.parameters.properties.action.enum ?? [];
  expect(actions).toEqual(
    expect.arrayContaining(["open", "navigate", "snapshot", "act", "screenshot", "tabs"]),
  );
  expect(actions).not.toEqual(expect.arrayContaining(["upload"]));
  expect(actions).not.toEqual(expect.arrayContaining(["importprofile"]));
});

test("page: opened, read, filled and sent; the picture lies in the sandbox, and Chromium ends with the session", async () => {
  const played = await play(
    "form",
    [
      exec(serve),
      // As ClawBench's tasks say it: for the agent there is no other machine than its own.
      browser({ action: "open", target: "host", url: here }),
      browser({ action: "snapshot" }),
      (request) => browser({ action: "act", kind: "type", ref: ref(request, 'textbox "Name"'), text: "Ada" }),
      browser({ action: "snapshot" }),
      (request) => browser({ action: "act", kind: "click", ref: ref(request, 'button "Send"') }),
      browser({ action: "text" }),
      browser({ action: "screenshot" }),
      exec("cat said.txt; head -c 4 /tmp/screenshots/1.png | tail -c 3"),
      { say: "Done." },
    ],
    {
      before: async ({ sandbox }) => expect(await chromiumIn(sandbox)).toBeGreaterThan(2),
      // Each has been sent its end; on a busy machine it is seconds until the last is gone.
      after: async ({ sandbox }) => {
        await expect.poll(() => chromiumIn(sandbox), { timeout: 30_000 }).toBe(0);
      },
    },
  );
  expect(played.turn).toEqual({ status: "answered", text: "Done." });
  expect(played.calls.map(({ name, error, content }) => [name, error, error ? content : ""])).toEqual(
    ["exec", ...Array<string>(7).fill("browser"), "exec"].map((name) => [name, false, ""]),
  );
  expect(played.calls[6]?.content).toContain("Thank you.");
  expect(played.calls.at(-1)?.content).toBe("AdaPNG");
  expect(readFileSync(path.join(played.hostDirectory, "said.txt"), "utf8")).toBe("Ada");
  // The key of the way to it is nobody's to see, and nothing of this machine is.
  const seen = played.calls.map(({ content }) => content).join("\n");
  expect(seen).toContain("ws://127.0.0.1:");
  expect(seen).not.toContain("tollgate:");
  expect(seen).not.toContain(rig.directory);
});

test("nothing of the machine: its files, its loopback, the network, its browsers", async () => {
  asked = 0;
  const tried = [
    browser({ action: "open", url: `file://${secret}` }),
    browser({ action: "navigate", url: neighbourUrl }),
    evaluate(`() => fetch("${neighbourUrl}").then((r) => r.text(), String)`),
    evaluate(`() => { location.href = "${neighbourUrl}"; }`),
    browser({ action: "snapshot" }),
    browser({ action: "navigate", url: here }),
    evaluate(`() => fetch("file://${secret}").then((r) => r.text(), String)`),
    evaluate(`() => { location.href = "file://${secret}"; }`),
    evaluate(
      `() => { const f = document.createElement("iframe"); f.src = "file://${secret}"; document.body.append(f); }`,
    ),
    browser({ action: "snapshot" }),
    evaluate(`() => fetch("http://192.0.2.1/").then((r) => r.text(), String)`),
    // Names would be looked up on this machine.
    browser({ action: "navigate", url: "http://canary.example.org/" }),
    browser({ action: "open", url: "http://10.0.0.1/" }),
    browser({ action: "open", profile: "user", url: here }),
    browser({ action: "open", target: "node", url: here }),
    browser({ action: "upload", paths: [secret], ref: "e1" }),
    browser({ action: "pdf" }),
    browser({ action: "profiles" }),
    browser({ action: "importprofile", browser: "chrome" }),
  ];
  const { calls: made } = await play("out", [
    exec(serve),
    browser({ action: "open", url: here }),
    ...tried,
    exec(`cat ${secret}`),
    { say: "Done." },
  ]);
  expect(made).toHaveLength(tried.length + 3);
  expect(made[1]?.error).toBe(false);
  const seen = JSON.stringify(rig.model.of("out").map(({ body }) => body.messages));
  const results = JSON.stringify(made.map(({ content }) => content));
  expect([seen.includes(canary), results.includes(canary), asked]).toEqual([false, false, 0]);
  const refused = made.slice(2, -1).map(({ argumentsText, error }) => [argumentsText, error] as const);
  const gone = refused.filter(
    ([text, error]) => !error && /"(open|navigate|upload|pdf|profiles|importprofile)"/.test(text),
  );
  expect(gone.map(([text]) => (JSON.parse(text) as { url?: string }).url)).toEqual([here]);
});

test("many sessions of one gateway at once: each with a browser of its own", async () => {
  const keys = ["many-0", "many-1"];
  const all = await Promise.all(
    keys.map(async (key) =>
      play(key, [
        exec(`echo "<title>${key}</title><p>This is ${key}.</p>" >index.html; ${serve}`),
        browser({ action: "navigate", url: here }),
        browser({ action: "text" }),
        browser({ action: "tabs" }),
        { say: "Done." },
      ]),
    ),
  );
  for (const [index, { calls: made }] of all.entries()) {
    expect(made[2]?.content).toContain(`This is ${keys[index]}.`);
    expect(made[3]?.content).not.toContain(keys[1 - index]);
  }
});
