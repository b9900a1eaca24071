import { baseUrl } from "../../config/base-url.ts";
import { ConfigError } from "../../errors.ts";
import {
  keyIn,
  KeyNeededError,
  probeEngine,
  probeGateway,
  servedModels,
  type NamedServer,
} from "./probe-server.ts";
import { oneLine, type ChosenGateway, type ChosenServer } from "./experiment-text.ts";

export interface InitFlags {
  readonly out: string;
  readonly agent?: string;
  readonly user?: string;
  readonly gateway?: string;
  readonly model?: string;
  readonly userModel?: string;
  readonly keyEnv?: string;
  readonly userKeyEnv?: string;
  readonly gatewayKeyEnv?: string;
  readonly simulated?: boolean;
  /** False with --no-probe. */
  readonly probe: boolean;
  readonly domain: string;
  readonly concurrency: readonly number[];
  readonly name?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export interface ChosenServers {
  readonly servers: { readonly agent: ChosenServer; readonly user: ChosenServer } | null;
  readonly gateway: ChosenGateway | null;
}

/** How a person is asked; undefined where nobody can be. */
type Ask = ((question: string) => Promise<string>) | undefined;

interface Choosing {
  readonly flags: InitFlags;
  readonly ask: Ask;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What the flags say, and what a person at a terminal answers to the rest. @throws {ConfigError} where neither says enough */
export async function answeredFlags(flags: InitFlags, ask: Ask): Promise<InitFlags> {
  if (flags.simulated === true && flags.agent !== undefined)
    throw new ConfigError("--simulated and --agent are two experiments: give one of them.");
  if (flags.agent !== undefined || flags.simulated === true) return flags;
  if (ask === undefined)
    throw new ConfigError(
      "Nothing says which servers are meant. Give --agent http://HOST:PORT (and --user, --gateway), or --simulated for a try without servers.",
    );
  const agent = await askedUrl(
    ask,
    "The agent's server, e.g. http://127.0.0.1:30000 (empty: simulated engines)",
  );
  if (agent === "") return { ...flags, simulated: true };
  const gateway = await askedUrl(ask, "A gateway in front of it that runs already (empty: Tollgate's own)");
  const user = await askedUrl(ask, "The server of the model that plays the user (empty: the same)");
  return { ...flags, agent, ...(gateway !== "" && { gateway }), ...(user !== "" && { user }) };
}

/** At a terminal an address without its scheme is one of http. */
async function askedUrl(ask: NonNullable<Ask>, question: string): Promise<string> {
  const answer = await asked(ask, question);
  return withoutScheme.test(answer) ? `http://${answer}` : answer;
}

const withoutScheme = /^[\w.-]+(:\d+)?(\/|$)/;

async function asked(ask: NonNullable<Ask>, question: string): Promise<string> {
  return (await ask(`${question}\n> `)).trim();
}

/** Asks the servers who they are, unless they are not to be asked. */
export async function chooseServers(choosing: Choosing): Promise<ChosenServers> {
  const { flags } = choosing;
  if (flags.agent === undefined) {
    if (flags.gateway !== undefined)
      throw new ConfigError(
        "--gateway forwards to an engine of yours: name that with --agent. Simulated engines have Tollgate's own gateway.",
      );
    return { servers: null, gateway: null };
  }
  const agent = await chosenEngine("agent", choosing, {
    flag: "--agent",
    text: flags.agent,
    model: flags.model,
    keyFlag: "--key-env",
    keyName: flags.keyEnv,
  });
  const isSame = flags.user === undefined || urlOf("--user", flags.user) === agent.url;
  const user = isSame
    ? sameServer(agent, flags)
    : await chosenEngine("user", choosing, {
        flag: "--user",
        text: flags.user ?? "",
        model: flags.userModel,
        keyFlag: "--user-key-env",
        keyName: flags.userKeyEnv,
      });
  return { servers: { agent, user }, gateway: await chosenGateway(agent, choosing) };
}

/** One server in both roles, which may still have a model and a key for each. */
function sameServer(agent: ChosenServer, { userModel, userKeyEnv }: InitFlags): ChosenServer {
  const models = agent.probed?.models;
  if (userModel !== undefined && models !== undefined && !models.includes(userModel))
    throw new ConfigError(
      `${agent.url} serves ${models.join(", ")}, not ${userModel}. Correct --user-model.`,
    );
  return { ...agent, model: userModel ?? agent.model, keyName: userKeyEnv ?? agent.keyName, probed: null };
}

interface Wanted {
  readonly flag: string;
  readonly text: string;
  readonly model: string | undefined;
  readonly keyFlag: string;
  readonly keyName: string | undefined;
}

async function chosenEngine(
  role: "agent" | "user",
  choosing: Choosing,
  wanted: Wanted,
): Promise<ChosenServer> {
  const { flags, ask, tell, signal } = choosing;
  const url = urlOf(wanted.flag, wanted.text);
  const { model: given, keyName } = wanted;
  if (!flags.probe) return { url, model: given, keyName, probed: null };
  tell(`asking ${url} what it is …`);
  const { server, answer: models } = await withKey(choosing, { ...wanted, url }, (named) =>
    servedModels(named, signal),
  );
  const model = await chosenModel(models, { ...wanted, url }, ask);
  const probed = await probeEngine(role, { ...server, models, model }, signal);
  return { url, model, keyName: server.keyName, probed };
}

async function chosenModel(
  models: readonly string[],
  { model, url, flag }: Wanted & { readonly url: string },
  ask: Ask,
): Promise<string> {
  const [first = ""] = models;
  if (model !== undefined) {
    if (models.includes(model)) return model;
    throw new ConfigError(
      `${url} serves ${models.join(", ")}, not ${model}. Correct ${flag === "--user" ? "--user-model" : "--model"}.`,
    );
  }
  if (models.length === 1 || ask === undefined) return first;
  const list = models.map((name, at) => `  ${at + 1}  ${oneLine(name)}`).join("\n");
  const answer = await asked(ask, `It serves several models:\n${list}\nWhich one (empty: 1)`);
  const chosen = answer === "" ? first : (models[Number(answer) - 1] ?? answer);
  if (models.includes(chosen)) return chosen;
  throw new ConfigError(`There is no model ${answer} there.`);
}

async function chosenGateway(agent: ChosenServer, choosing: Choosing): Promise<ChosenGateway | null> {
  const { flags, signal, tell } = choosing;
  if (flags.gateway === undefined) return null;
  const url = urlOf("--gateway", flags.gateway);
  // An arm sends the engine's key unless it names one of its own.
  const own = flags.gatewayKeyEnv;
  if (!flags.probe) return { url, keyName: own, notes: [] };
  tell(`asking ${url} what it is …`);
  const model = agent.model ?? "";
  const wanted = { flag: "--gateway", keyFlag: "--gateway-key-env", keyName: own ?? agent.keyName, url };
  const { server, answer: notes } = await withKey(choosing, wanted, (named) =>
    probeGateway({ ...named, model }, signal),
  );
  return { url, keyName: server.keyName === agent.keyName ? own : server.keyName, notes };
}

/** Asks once more with a key, where the server wants one and a person can name it. */
async function withKey<Answer>(
  { ask, environment }: Choosing,
  wanted: Pick<Wanted, "flag" | "keyFlag" | "keyName"> & { readonly url: string },
  question: (server: NamedServer) => Promise<Answer>,
): Promise<{ readonly server: NamedServer; readonly answer: Answer }> {
  const { flag, keyFlag, url } = wanted;
  const named = (keyName: string | undefined, by: string): NamedServer => ({
    flag,
    url,
    keyFlag,
    keyName,
    apiKey: keyIn(environment, { flag: by, variable: keyName }),
  });
  const first = named(wanted.keyName, keyFlag);
  try {
    return { server: first, answer: await question(first) };
  } catch (error) {
    if (!(error instanceof KeyNeededError) || ask === undefined || wanted.keyName !== undefined) throw error;
    const name = await asked(ask, `${url} wants a key. Name of the environment variable that holds it`);
    if (name === "") throw error;
    const second = named(name, "The answer");
    return { server: second, answer: await question(second) };
  }
}

function urlOf(flag: string, text: string): string {
  const parsed = baseUrl().safeParse(text);
  if (parsed.success) return parsed.data;
  const near = withoutScheme.test(text) ? ` Did you mean http://${text}?` : "";
  throw new ConfigError(`${flag} ${text} is no address: write http://HOST:PORT or https://HOST.${near}`);
}
