import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type {
  AgentSession,
  AgentSessionRequest,
  AgentTurn,
  AgentWorkspace,
} from "../../../bench/agent/agent.ts";
import { type OpenClawDriver, startOpenClaw } from "../../../bench/agent/openclaw/driver.ts";
import { ScriptedModel, type ScriptedReply, type SeenRequest } from "./scripted-model.ts";
import { StandInTools, type StandInOptions } from "./stand-in-tools.ts";

export const toolsText = JSON.stringify([
  tool("zeta_lookup", { $defs: { Q: { type: "string" } }, properties: { q: { $ref: "#/$defs/Q" } } }),
  tool("book", { properties: { amount: { type: "number" } }, required: ["amount"] }),
]);
export const otherToolsText = JSON.stringify([tool("refuel", { properties: {} })]);
export const sampling = { temperature: 0, top_p: 0.9, top_k: -1, max_tokens: 321, seed: 626729 };
export const policy = "# Policy\r\n\r\n<b>日本</b>  Current model identity: x.\n\n";

function tool(name: string, schema: Readonly<Record<string, unknown>>): unknown {
  const parameters = { type: "object", ...schema };
  return { type: "function", function: { name, description: `Does ${name}.`, parameters } };
}

const notedThreads = "threads.txt";

/** A reply, or what it is made of when the request is there. */
export type RigReply = ScriptedReply | ((request: SeenRequest) => ScriptedReply);

export interface SessionOptions {
  readonly key: string;
  readonly replies: readonly RigReply[];
  readonly prompt?: "exact" | "stock";
  readonly tools?: string;
  readonly greeting?: string | null;
  readonly turnTimeoutMs?: number;
  readonly workspace?: AgentWorkspace;
}

/** One real OpenClaw gateway between a scripted model and a stand-in tool server. */
export class Rig implements AsyncDisposable {
  readonly runId = `contract-${process.pid}`;
  readonly progress: string[] = [];
  readonly driver: OpenClawDriver;
  readonly model: ScriptedModel;
  readonly tools: StandInTools;
  readonly directory: string;
  readonly #scripts: Map<string, RigReply[]>;

  private constructor(
    parts: Pick<Rig, "driver" | "model" | "tools" | "directory">,
    scripts: Map<string, RigReply[]>,
  ) {
    this.driver = parts.driver;
    this.model = parts.model;
    this.tools = parts.tools;
    this.directory = parts.directory;
    this.#scripts = scripts;
  }

  static async start(execute: StandInOptions["execute"], ownTools: readonly string[] = []): Promise<Rig> {
    const directory = await mkdtemp(path.join(tmpdir(), "tg-oc-"));
    const scripts = new Map<string, RigReply[]>();
    const model = await ScriptedModel.start((request) => {
      const next = scripts.get(String(request.headers["x-tollgate-attempt"]))?.shift();
      if (typeof next === "function") return next(request);
      return next ?? { status: 418, error: { error: { message: "the script has no further reply" } } };
    });
    const fleetToken = "fleet-token";
    const tools = await StandInTools.start({
      socket: path.join(directory, "tools.sock"),
      fleetToken,
      execute,
    });
    const progress: string[] = [];
    const driver = await startOpenClaw({
      gateways: 1,
      scratchDirectory: path.join(directory, "s"),
      logDirectory: directory,
      cacheDirectory: path.join(tmpdir(), `tollgate-openclaw-cache-${process.getuid?.() ?? 0}`),
      childEnvironment: {
        PATH: process.env["PATH"] ?? "",
        TOLLGATE_RUN: `contract-${process.pid}`,
        NODE_OPTIONS: `--import=${new URL("./programs/note-threads.mjs", import.meta.url).href}`,
        NOTED_THREADS: path.join(directory, notedThreads),
      },
      fleetToken,
      toolSockets: [tools.socket],
      toolNames: ownTools.length > 0 ? [] : ["zeta_lookup", "book", "refuel"],
      ownTools,
      model: "scripted",
      contextWindow: 131_072,
      maxTokens: 4096,
      turnTimeoutMs: 60_000,
      maxConcurrent: 8,
      startTimeoutMs: 240_000,
      signal: new AbortController().signal,
      progress: (line) => progress.push(line),
    });
    const rig = new Rig({ driver, model, tools, directory }, scripts);
    rig.progress.push(...progress);
    return rig;
  }

  async open(options: SessionOptions): Promise<AgentSession> {
    return await this.driver.openSession(this.register(options));
  }

  register(options: SessionOptions): AgentSessionRequest {
    const { key: attemptKey, tools = toolsText, prompt = "exact" } = options;
    const baseUrl = `${this.model.url}/${attemptKey}/v1`;
    this.#scripts.set(attemptKey, [...options.replies]);
    const shared = { episodeId: `episode-of-${attemptKey}`, attemptKey, tools, sampling };
    this.tools.register({ ...shared, policy, baseUrl, headers: { "X-Extra": "yes" }, prompt });
    return {
      ...shared,
      endpoint: {
        role: "agent",
        baseUrl,
        model: `model-of-${attemptKey}`,
        apiKey: `key-of-${attemptKey}`,
        headers: {},
      },
      system: policy,
      greeting: options.greeting ?? null,
      acceptsArguments: () => true,
      turnTimeoutMs: options.turnTimeoutMs ?? 60_000,
      ...(options.workspace === undefined ? {} : { workspace: options.workspace }),
    };
  }

  /** Opens a session, runs one turn and closes it. */
  async oneTurn(options: SessionOptions, signal = new AbortController().signal): Promise<AgentTurn> {
    await using session = await this.open(options);
    return await session.turn("Hello.", signal);
  }

  /** File names of the scripts of all threads that OpenClaw has started. */
  async startedThreads(): Promise<readonly string[]> {
    const noted = await readFile(path.join(this.directory, notedThreads), "utf8");
    return noted
      .trimEnd()
      .split("\n")
      .map((script) => path.basename(script));
  }

  /** Process ids that carry this rig's run id in their environment. */
  async processes(): Promise<readonly string[]> {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const carrying = await Promise.all(
      pids.map(async (pid) => {
        const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
        return environment.split("\0").includes(`TOLLGATE_RUN=${this.runId}`) ? [pid] : [];
      }),
    );
    return carrying.flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.driver[Symbol.asyncDispose]();
    await this.tools[Symbol.asyncDispose]();
    await this.model[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}
