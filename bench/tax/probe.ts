import { z } from "zod";
import { ConfigError, StartError } from "../errors.ts";
import type { Conversation } from "../evidence/recording.ts";
import { askServer, shortened, whatCame } from "../stack/ask-server.ts";
import { askChat, type TaxServer, type ChatReply } from "./ask.ts";
import { agentConversations, bodySizes, type BodySize } from "./conversations.ts";

export interface Probing {
  readonly raw: TaxServer;
  readonly gateway: TaxServer;
  /** Asked from the raw server where absent. */
  readonly model: string | undefined;
  readonly maxTokens: number;
  /** For one conversation; a size that takes longer is left out. */
  readonly conversationMs: number;
  readonly signal: AbortSignal;
}

/** What the two servers take, asked before anything is measured. */
export interface Probed {
  readonly model: string;
  /** Whether requests declare tools. */
  readonly tools: boolean;
  /** Sizes that both servers answered, with the time of a conversation at the raw one. */
  readonly sizes: readonly ProbedSize[];
  /** What was left out because of the raw server, or of the time that it takes. */
  readonly leftOut: readonly string[];
  /** What the raw server took and the gateway did not. */
  readonly refused: readonly string[];
}

export interface ProbedSize {
  readonly size: BodySize;
  readonly conversationMs: number;
  /** Of the longest request. */
  readonly bodyBytes: number;
}

/** @throws {StartError} when one of the servers cannot be measured at all */
export async function probeServers(probing: Probing): Promise<Probed> {
  const model = await servedModel(probing);
  const leftOut: string[] = [];
  const refused: string[] = [];
  const tools = await takesTools({ ...probing, model }, { leftOut, refused });
  const sizes: ProbedSize[] = [];
  for (const size of bodySizes) {
    const probed = await probeSize({ ...probing, model, tools, size }, { leftOut, refused });
    if (probed === null) break;
    sizes.push(probed);
  }
  const [first] = [...refused, ...leftOut];
  if (sizes.length === 0)
    throw new StartError("tax", `Nothing can be measured: ${first ?? "no size of request was answered"}.`);
  return { model, tools, sizes, leftOut, refused };
}

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

async function servedModel({ raw, model, signal }: Probing): Promise<string> {
  const answer = await askServer(`${raw.url}/v1/models`, { apiKey: raw.apiKey, signal });
  const names = modelsSchema.safeParse(answer.json).data?.data.map(({ id }) => id);
  if (answer.status === 401 || answer.status === 403)
    throw new StartError(
      "tax",
      `RAW_URL ${raw.url} answered ${answer.status} to GET /v1/models: it wants a key. Name the environment variable that holds it with --key-env.`,
    );
  if (answer.status !== 200 || names === undefined || names.length === 0)
    throw new StartError(
      "tax",
      `RAW_URL ${raw.url} answered ${answer.status} with ${whatCame(answer)} to GET /v1/models instead of a list of models. Give the address of an OpenAI-compatible server, e.g. http://127.0.0.1:30000.`,
    );
  const chosen = model ?? names[0] ?? "";
  if (names.includes(chosen)) return chosen;
  throw new ConfigError(`RAW_URL ${raw.url} serves ${names.join(", ")}, not ${chosen}. Correct --model.`);
}

interface Found {
  readonly leftOut: string[];
  readonly refused: string[];
}

/** Some servers refuse requests with tools, or messages that call them, unless they were started for it. */
async function takesTools(probing: Probing & { readonly model: string }, found: Found): Promise<boolean> {
  const ask = (server: TaxServer, tools: boolean) => {
    const [conversation] = agentConversations({ sizes: [bodySizes[0]], count: 1, tools });
    return askOne(server, probing, conversation?.requests.at(-1)?.body ?? "{}");
  };
  const { raw, gateway } = probing;
  // The first request of a server may compile, load or connect.
  const first = await ask(raw, true);
  const plain = first.problem === null ? first : await ask(raw, false);
  if (plain.problem !== null) throw refusal("RAW_URL", raw, plain);
  if (plain.answer.usage === null)
    throw new StartError(
      "tax",
      `RAW_URL ${raw.url} tells no usage at the end of a stream (stream_options.include_usage): whether both ways did the same work could not be checked, and no number is given.`,
    );
  const behind = await ask(gateway, first.problem === null);
  if (behind.problem === null) {
    if (first.problem !== null) found.leftOut.push(`tools: the raw server gave ${first.problem}`);
    return first.problem === null;
  }
  if (first.problem !== null || (await ask(gateway, false)).problem !== null)
    throw refusal("GATEWAY_URL", gateway, behind);
  found.refused.push(`requests with tools: ${behind.problem}`);
  return false;
}

function refusal(name: string, { url }: TaxServer, { status, problem }: ChatReply): StartError {
  const advice: Readonly<Record<number, string>> = {
    401: `Name the environment variable that holds its key with ${name === "RAW_URL" ? "--key-env" : "--gateway-key-env"}.`,
    404: "Is the address right (with or without /v1), and does it know the model? --model names another one.",
  };
  const said = advice[status === 403 ? 401 : (status ?? 0)] ?? "Look at its log.";
  const other = name === "RAW_URL" ? "" : " The raw server answered the same request.";
  return new StartError("tax", `${name} ${url} gave ${problem} to a chat request.${other} ${said}`);
}

function askOne(server: TaxServer, probing: Probing & { readonly model: string }, body: string) {
  const { model, maxTokens, conversationMs, signal } = probing;
  const asked = {
    ...(JSON.parse(body) as object),
    stream_options: { include_usage: true },
    model,
    max_tokens: maxTokens,
    temperature: 0,
  };
  return askChat(server, asked, { timeoutMs: Math.max(30_000, 2 * conversationMs), signal });
}

/** One conversation at the raw server, then its longest request through the gateway. null: this size is left out. */
async function probeSize(
  probing: Probing & { readonly model: string; readonly tools: boolean; readonly size: BodySize },
  found: Found,
): Promise<ProbedSize | null> {
  const { size, tools, raw, gateway } = probing;
  const [conversation] = agentConversations({ sizes: [size], count: 1, tools }) as [Conversation];
  const bodyBytes = conversation.requests.at(-1)?.body.length ?? 0;
  const name = `requests of ${sizeText(bodyBytes)}`;
  let spentMs = 0;
  for (const { body } of conversation.requests) {
    const { ms, problem } = await askOne(raw, probing, body);
    spentMs += ms;
    if (problem !== null) {
      found.leftOut.push(`${name}: the raw server gave ${shortened(problem)}`);
      return null;
    }
    if (spentMs > probing.conversationMs && size !== bodySizes[0]) {
      found.leftOut.push(`${name}: a conversation takes more than ${(spentMs / 1000).toFixed(1)} s`);
      return null;
    }
  }
  const behind = await askOne(gateway, probing, conversation.requests.at(-1)?.body ?? "{}");
  if (behind.problem !== null) {
    found.refused.push(`${name}: ${shortened(behind.problem)}`);
    return null;
  }
  return { size, conversationMs: spentMs, bodyBytes };
}

/** `12 kB` */
export function sizeText(bytes: number): string {
  return bytes < 10_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${Math.round(bytes / 1000)} kB`;
}
