import { z } from "zod";
import { ConfigError, StartError } from "../../errors.ts";
import { systemClock } from "../../measure/clock.ts";
import { detectProfile } from "../../metrics/detect-profile.ts";
import { scrape, ScrapeError } from "../../metrics/snapshot.ts";
import { parsedCall, toolQuestion } from "../../preflight/checks/tool-call.ts";
import { askServer, whatCame, type ServerAnswer } from "../../stack/ask-server.ts";
import { describeEngine, type Engine } from "../../stack/engine.ts";
import { noKey } from "../../stack/keys.ts";
import { metricsAccess } from "../../stack/metrics-access.ts";
import { askChat } from "../../tax/ask.ts";

/** A server that somebody named, and how. */
export interface NamedServer {
  /** The flag that named it, for messages. */
  readonly flag: string;
  /** Without /v1. */
  readonly url: string;
  readonly apiKey: string;
  /** Environment variable of its key; undefined where it needs none. */
  readonly keyName: string | undefined;
  /** The flag that names that variable. */
  readonly keyFlag: string;
}

/** What is good about a server, and what is not, with what to do. */
export interface ServerNote {
  readonly what: string;
  /** null where nothing has to be done. */
  readonly change: string | null;
}

export interface ProbedServer {
  readonly url: string;
  readonly model: string;
  /** All that it serves. */
  readonly models: readonly string[];
  /** e.g. `SGLang 0.5.10, 40960 tokens of context` */
  readonly program: string;
  readonly notes: readonly ServerNote[];
}

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/** The server wants a key and was given none, or another one. */
export class KeyNeededError extends ConfigError {}

/** Names of the models that a server lists. @throws {StartError} when it is no model server @throws {KeyNeededError} */
export async function servedModels(server: NamedServer, signal: AbortSignal): Promise<readonly string[]> {
  const { flag, url, apiKey } = server;
  const answer = await askServer(`${url}/v1/models`, { apiKey, signal });
  if (answer.status === 401 || answer.status === 403) throw keyNeeded(server, answer);
  const names = modelsSchema.safeParse(answer.json).data?.data.map(({ id }) => id);
  if (answer.status === 200 && names !== undefined && names.length > 0) return names;
  if (answer.location !== null)
    throw new StartError(
      "init",
      `${flag} ${url} answered ${answer.status}, a redirect to ${answer.location}. Redirects are not followed, because each would be in the measured times: give that address, up to /v1.`,
    );
  throw new StartError(
    "init",
    `${flag} ${url} answered ${answer.status} with ${whatCame(answer)} to GET /v1/models instead of a list of models. Give the address of an OpenAI-compatible server, e.g. http://127.0.0.1:30000.`,
  );
}

function keyNeeded({ flag, url, keyName, keyFlag }: NamedServer, { status }: ServerAnswer): KeyNeededError {
  return new KeyNeededError(
    keyName === undefined
      ? `${flag} ${url} answered ${status}: it wants a key. Name the environment variable that holds it with ${keyFlag}.`
      : `${flag} ${url} answered ${status}: the key in ${keyName} was refused. Is it the key of this server?`,
  );
}

/** Asks a server everything that an experiment, or whoever runs it, has to know. */
export async function probeEngine(
  role: Engine["role"],
  server: NamedServer & { readonly models: readonly string[]; readonly model: string },
  signal: AbortSignal,
): Promise<ProbedServer> {
  const { url, apiKey, keyName, model, models } = server;
  const engine = await describeEngine({ role, url, model, apiKey, apiKeyEnv: keyName }, signal);
  const notes = [await metricsNote(engine, signal)];
  if (role === "agent") notes.push(await toolNote({ url, apiKey, model }, signal));
  return { url, model, models, program: programText(engine), notes };
}

function programText({ identity, contextLength }: Engine): string {
  const { name, version, simulated } = identity;
  const known = name === null ? "an engine that does not say what it is" : engineNames[name];
  const program = [known, version ?? "", simulated ? "(simulated)" : ""]
    .filter((part) => part !== "")
    .join(" ");
  return contextLength === null ? program : `${program}, ${contextLength} tokens of context`;
}

const engineNames = { sglang: "SGLang", vllm: "vLLM", "llama.cpp": "llama.cpp" } as const;

async function metricsNote(engine: Engine, signal: AbortSignal): Promise<ServerNote> {
  const options = { ...metricsAccess(engine), clock: systemClock, timeoutMs: 10_000, signal };
  try {
    const { exposition } = await scrape(engine.metricsUrl, options);
    const profile = detectProfile(exposition.samples);
    if (profile !== null)
      return {
        what: `metrics: ${engineNames[profile.engine]}'s counters at ${engine.metricsUrl}`,
        change: null,
      };
    return {
      what: `metrics: ${engine.metricsUrl} has the counters of no known engine`,
      change: "set metricsUrl to the engine's own page, or its tokens cannot be checked",
    };
  } catch (error) {
    if (!(error instanceof ScrapeError)) throw error;
    return {
      what: `metrics: none (${error.message})`,
      change:
        "start SGLang with --enable-metrics --enable-cache-report, llama.cpp with --metrics; else cells are no-metrics",
    };
  }
}

const questionMs = 60_000;

/** Asks for a call of a tool, as preflight will: without one every episode fails. */
async function toolNote(
  server: { readonly url: string; readonly apiKey: string; readonly model: string },
  signal: AbortSignal,
): Promise<ServerNote> {
  const { messages, tools, maxTokens, stream } = toolQuestion;
  const body = { model: server.model, messages, tools, max_tokens: maxTokens, stream, temperature: 0 };
  const reply = await askChat(server, body, { timeoutMs: questionMs, signal });
  if (reply.problem !== null)
    return {
      what: `tools: a request with a tool gave ${reply.problem}`,
      change:
        "start the server with tools on (SGLang: --tool-call-parser; vLLM: --enable-auto-tool-choice as well)",
    };
  const finding = parsedCall("", reply.answer);
  if (finding?.status === "ok") return { what: "tools: a call arrives as tool_calls", change: null };
  if (finding !== null) return { what: `tools: ${finding.what}`, change: finding.change };
  return {
    what: "tools: asked in words the model called none",
    change: "preflight asks it again, and forces it; an agent's model has to call tools",
  };
}

/** A gateway has to answer a chat request as its engine does. */
export async function probeGateway(
  server: NamedServer & { readonly model: string },
  signal: AbortSignal,
): Promise<readonly ServerNote[]> {
  const { url, apiKey, model, flag, keyName, keyFlag } = server;
  const body = { model, messages: [{ role: "user", content: "Say hello." }], max_tokens: 16, temperature: 0 };
  const reply = await askChat({ url, apiKey }, body, { timeoutMs: questionMs, signal });
  if (reply.problem === null) return [{ what: "answers a chat request for that model", change: null }];
  if (reply.status === 401 || reply.status === 403)
    throw keyNeeded({ flag, url, apiKey, keyName, keyFlag }, { status: reply.status } as ServerAnswer);
  if (reply.status === null) throw new StartError("init", `${flag} ${url} gave ${reply.problem}.`);
  return [
    {
      what: `a chat request for ${model} gave ${reply.problem}`,
      change: "does it know the model under this name? preflight will refuse it as it is",
    },
  ];
}

/** @throws {ConfigError} when the variable that is named for a key has no value */
export function keyIn(
  environment: Readonly<Record<string, string | undefined>>,
  { flag, variable }: { readonly flag: string; readonly variable: string | undefined },
): string {
  if (variable === undefined) return noKey;
  if (!/^[A-Za-z_]\w*$/.test(variable))
    throw new ConfigError(`${flag} takes the name of an environment variable, and not the key itself.`);
  const key = environment[variable];
  if (key) return key;
  throw new ConfigError(
    `${flag} names the environment variable ${variable}, which is ${key === "" ? "empty" : "not set"}. Export it, or name a file that sets it with --env-file.`,
  );
}
