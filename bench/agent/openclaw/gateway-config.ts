import { longestTimerMs } from "../../measure/deadline.ts";

/** Name of the model provider and of the plugin inside OpenClaw's configuration. */
export const providerName = "tollgate";
export const pluginName = "tollgate";

export interface GatewayConfigOptions {
  readonly port: number;
  readonly token: string;
  readonly workspace: string;
  readonly pluginDirectory: string;
  readonly logFile: string;
  readonly toolNames: readonly string[];
  /** OpenClaw's own tools that sessions may use; with one, every session works in a sandbox. */
  readonly ownTools: readonly string[];
  readonly model: string;
  /** Tokens. */
  readonly contextWindow: number;
  /** Tokens. */
  readonly maxTokens: number;
  readonly maxConcurrent: number;
  readonly turnTimeoutMs: number;
}

/**
 * `openclaw.json` of one gateway: one agent, one provider, the plugin's tools and nothing else. What OpenClaw would add
 * by itself (skills, bootstrap files, heartbeats, tool search, compaction, update checks) is off, because each of it
 * would change or add model requests.
 */
export function gatewayConfig(options: GatewayConfigOptions): Readonly<Record<string, unknown>> {
  return {
    gateway: {
      mode: "local",
      port: options.port,
      bind: "loopback",
      auth: { mode: "token", token: options.token },
      controlUi: { enabled: false },
    },
    update: { checkOnStart: false },
    logging: { level: "warn", consoleLevel: "warn", file: options.logFile },
    models: {
      mode: "replace",
      catalogRefresh: { enabled: false },
      providers: { [providerName]: providerConfig(options) },
    },
    plugins: {
      allow: [pluginName],
      load: { paths: [options.pluginDirectory] },
      slots: { memory: "none" },
      entries: { [pluginName]: { enabled: true, hooks: { allowConversationAccess: true } } },
    },
    tools: {
      allow: [...options.toolNames, ...options.ownTools],
      // An empty list allows everything, and OpenClaw's own tools would work on this machine.
      ...(options.toolNames.length + options.ownTools.length === 0 ? { deny: ["*"] } : {}),
      ...(options.ownTools.length === 0 ? {} : ownToolsConfig(options.ownTools)),
      toolSearch: false,
      codeMode: false,
      loopDetection: { enabled: false },
    },
    session: { maintenance: upkeepOff },
    skills: { allowBundled: [] },
    agents: {
      defaults: {
        workspace: options.workspace,
        skipBootstrap: true,
        contextInjection: "never",
        skills: [],
        model: { primary: `${providerName}/${options.model}` },
        maxConcurrent: options.maxConcurrent,
        heartbeat: { every: "0m" },
        thinkingDefault: "off",
        userTimezone: "UTC",
        compaction: { enabled: false },
        ...(options.ownTools.length === 0 ? {} : { sandbox: sandboxConfig }),
      },
    },
  };
}

/**
 * Sessions live as long as their process: none is ever pruned, and nobody measures their files. OpenClaw plans both after every
 * write, in threads of their own, and throws a plan away when a session writes meanwhile: while episodes run it began anew
 * again and again, each time with a thread that loads some 1,300 modules.
 */
const upkeepOff = { mode: "warn", maxDiskBytes: false };

/**
 * Every session has a sandbox of its own, which the plugin gives; without one it cannot begin. `rw`: OpenClaw keeps no copy of
 * the workspace. Nothing is removed by age: a sandbox is the driver's.
 */
const sandboxConfig = {
  mode: "all",
  scope: "session",
  backend: pluginName,
  workspaceAccess: "rw",
  prune: { idleHours: 0, maxAgeDays: 0 },
};

/** No command leaves the sandbox. A command that ends in the background starts no turn that nobody asked for. */
function ownToolsConfig(ownTools: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    elevated: { enabled: false },
    exec: { host: "sandbox", notifyOnExit: false },
    // It comes with `write` and needs what no backend has to give.
    deny: ["apply_patch"],
    sandbox: { tools: { allow: ownTools } },
  };
}

function providerConfig(options: GatewayConfigOptions): Readonly<Record<string, unknown>> {
  return {
    // Replaced in every request by that of the session. A local provider without a key has no credential that OpenClaw
    // could disable: one refused request would otherwise stop every session of the process for minutes.
    baseUrl: "http://127.0.0.1:1/v1",
    api: "openai-completions",
    // OpenClaw sets a timer for it, and Node has none that is longer.
    timeoutSeconds: Math.ceil(Math.min(options.turnTimeoutMs, longestTimerMs - 1000) / 1000),
    models: [
      {
        id: options.model,
        name: options.model,
        reasoning: false,
        input: ["text"],
        cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
        contextWindow: options.contextWindow,
        maxTokens: options.maxTokens,
      },
    ],
  };
}

/** The workspace's `.openclaw/settings.json`: a failed model request is a result, not something to repeat. */
export const workspaceSettings = { retry: { provider: { maxRetries: 0 } } };
