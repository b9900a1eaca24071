import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { Sessions } from "./sessions.js";

/**
 * The plugin that every OpenClaw gateway of a run loads. It gives OpenClaw the tools of the session, sends each
 * session's model requests to its own endpoint with its own headers, and makes their bytes what tau2 would send.
 * Plain JavaScript without dependencies: OpenClaw copies the folder and loads the copy.
 */
const run = JSON.parse(readFileSync(new URL("./run.json", import.meta.url), "utf8"));

// OpenClaw registers a plugin more than once in a process; hooks, tools and methods must see the same sessions.
const own = Symbol.for("tollgate.own-tools");
const shared = Symbol.for("tollgate.sessions");
globalThis[shared] ??= new Sessions(run);
/** @type {Sessions} */
const sessions = globalThis[shared];

/** Arguments are checked by the tool itself, so that a wrong call gets tau2's error text and not OpenClaw's. */
const anyArguments = { type: "object", additionalProperties: true };

export default {
  id: "tollgate",
  name: "Tollgate",
  description: "Routes tools and model requests of benchmark sessions",
  register(api) {
    if (run.ownTools.includes("browser"))
      api.registerTool(({ sessionKey }) => sessions.get(sessionKey).browser?.tool ?? null, {
        name: "browser",
      });
    for (const name of run.toolNames) api.registerTool((context) => toolFor(name, context), { name });
    api.on("before_prompt_build", (_event, context) => {
      const { exact, reply } = sessions.identify(context.sessionId, context.sessionKey);
      return exact ? { systemPrompt: reply.policy } : {};
    });
    api.registerProvider({
      id: run.provider,
      label: "Tollgate",
      auth: [],
      wrapStreamFn: ({ streamFn }) =>
        streamFn &&
        ((model, context, options) =>
          sessions.byId(options.sessionId).stream(streamFn, [model, context, options])),
    });
    registerMethods(api);
    if (run.ownTools.length > 0) registerOwnTools(api);
  },
};

/** OpenClaw asks once per run and tool; null leaves the tool out of this session. */
function toolFor(name, context) {
  const session = sessions.get(context.sessionKey);
  const declared = session.tools.find((tool) => tool.function.name === name)?.function;
  if (declared === undefined) return null;
  return {
    name,
    label: name,
    description: declared.description ?? "",
    parameters: session.exact ? anyArguments : declared.parameters,
    executionMode: "sequential",
    async execute(toolCallId, params, signal) {
      const text = await sessions.call(session, { toolCallId, name, params, signal });
      return { content: [{ type: "text", text }] };
    },
  };
}

/** OpenClaw's own tools work in the workspaces of sessions; what they do is told to the session when it happens. */
function registerOwnTools(api) {
  globalThis[own] ??= import("./workspace/backend.js").then(({ registerWorkspaceBackend }) => {
    registerWorkspaceBackend((sessionKey) => sessions.get(sessionKey));
    api.runtime.events.onAgentEvent(({ stream, sessionKey, data }) => {
      if (stream === "tool" && sessionKey !== undefined) sessions.find(sessionKey)?.ownCalls?.seen(data);
    });
  });
  // Whoever opens a session is told; here nobody waits, and the process must live to answer.
  globalThis[own].catch(() => undefined);
}

/** What the driver asks over the gateway's WebSocket, beside OpenClaw's own methods. */
function registerMethods(api) {
  let busySince = performance.eventLoopUtilization();
  const methods = {
    load: () => sessions.loadBrowser(),
    open: async (params) => {
      await globalThis[own];
      return { prompt: (await sessions.open(params)).exact ? "exact" : "stock" };
    },
    turn: (params) => sessions.get(params.session).beginTurn(params),
    outcome: (params) => sessions.get(params.session).outcome(),
    calls: (params) => ({ calls: sessions.get(params.session).ownCalls?.take() ?? [] }),
    close: (params) => sessions.close(params.session),
    pressure: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, busySince);
      busySince = now;
      return { utilization };
    },
  };
  for (const [name, method] of Object.entries(methods)) {
    api.registerGatewayMethod(
      `tollgate.${name}`,
      async ({ params, respond }) => {
        try {
          respond(true, (await method(params)) ?? {}, undefined);
        } catch (error) {
          respond(false, undefined, { code: "UNAVAILABLE", message: error.message });
        }
      },
      { scope: "operator.write" },
    );
  }
}
