import { StartError } from "../../../bench/errors.ts";
import { tokenizeCount, tokenizeForms, usageCount, type CountingServer, type TokenizeForm } from "./ask.ts";
import type { CountingWay, TokenCounter } from "./counter.ts";
import { folderTokenizer } from "./folder.ts";
import { endOfText } from "../text/layout.ts";

/** Counts a text, and says how. */
interface Way {
  readonly way: CountingWay;
  readonly about: string;
  count(text: string): Promise<number>;
}

interface Counting extends CountingServer {
  readonly system: string;
  /** Folder of the model; undefined: the server is asked. */
  readonly tokenizer: string | undefined;
}

/** Two texts of different length: what a way of counting lacks of the server's own count must be the same in both. */
const probes = [
  "Say yes.",
  `${"The keeper wrote the number of barrels into the ledger. ".repeat(20)}Say yes.`,
];

/**
 * How the served model's tokens are counted: by the folder that the experiment names; else by the server's `/tokenize`, with
 * messages or with text; else by the usage that it reports. The first three are held against two small requests' usage.
 * @throws {StartError} where none can be trusted
 */
export async function chooseCounter(counting: Counting, tell: (line: string) => void): Promise<TokenCounter> {
  const seen = await usageOfProbes(counting);
  const refused: string[] = [];
  for (const way of await possibleWays(counting, refused)) {
    const corrected = await correctedWay(way, seen);
    if ("counter" in corrected) return await withUnit(corrected.counter);
    refused.push(`${way.about}: ${corrected.why}`);
    if (way.way === "model-folder") break;
  }
  const all = refused.map((line) => `\n- ${line}`).join("");
  if (counting.tokenizer === undefined && !("instead" in seen)) {
    tell(
      `tokens are counted by usage, at the price of two or three prefills a prompt, because: ${refused.join("; ")}`,
    );
    return await withUnit(usageWay(counting));
  }
  throw new StartError(
    "workload",
    `The tokens of the served model ${counting.engine.model} at ${counting.engine.url} cannot be counted:${all}${"instead" in seen ? `\n- usage of a small request: ${seen.instead}` : ""}\nStart the server with /tokenize or with usage in its answers, or set workload.tokenizer to the folder of the model that it serves.`,
  );
}

type Probed = readonly number[] | { readonly instead: string };

async function usageOfProbes(counting: Counting): Promise<Probed> {
  const counts: number[] = [];
  for (const text of probes) {
    const came = await usageCount(counting, { system: counting.system, text });
    if (typeof came !== "number") return came;
    counts.push(came);
  }
  return counts;
}

async function possibleWays(counting: Counting, refused: string[]): Promise<readonly Way[]> {
  const { tokenizer, system } = counting;
  if (tokenizer !== undefined) {
    const folder = folderTokenizer(tokenizer);
    const about = `tokenizer.json and chat template of the model folder (sha256 ${folder.sha256.slice(0, 12)})`;
    return [{ way: "model-folder", about, count: async (text) => folder.count(system, text) }];
  }
  const ways: Way[] = [];
  for (const form of Object.keys(tokenizeForms) as TokenizeForm[]) {
    const came = await tokenizeCount(counting, tokenizeForms[form](system, probes[0] ?? ""));
    const about = `/tokenize of the server with ${form}`;
    if (typeof came === "number") ways.push(tokenizeWay(counting, { form, about }));
    else refused.push(`${about}: ${came.instead}`);
  }
  return ways;
}

function tokenizeWay(counting: Counting, { form, about }: { form: TokenizeForm; about: string }): Way {
  return {
    way: form === "messages" ? "tokenize-messages" : "tokenize-text",
    about,
    async count(text) {
      const came = await tokenizeCount(counting, tokenizeForms[form](counting.system, text));
      if (typeof came === "number") return came;
      throw new StartError(
        "workload",
        `The server at ${counting.engine.url} no longer counts tokens of a text of ${text.length} characters: POST /tokenize came back with ${came.instead}.`,
      );
    },
  };
}

/** With what the server adds to each prompt. A way that is off by different amounts counts another model's tokens. */
async function correctedWay(
  way: Way,
  seen: Probed,
): Promise<{ readonly counter: Way & { dear: boolean } } | { readonly why: string }> {
  if ("instead" in seen) {
    if (way.way === "tokenize-text")
      return { why: `it knows no chat template, and no usage tells what that adds (${seen.instead})` };
    return {
      counter: { ...way, about: `${way.about}; the server reports no usage to check it by`, dear: false },
    };
  }
  const differences: number[] = [];
  for (const [index, text] of probes.entries())
    differences.push((seen[index] ?? 0) - (await way.count(text)));
  const [first = 0] = differences;
  if (differences.some((one) => one !== first))
    return {
      why: `it counts ${differences.join(" and ")} tokens less than the usage of two requests: it is not how this server counts`,
    };
  const added =
    first === 0 ? "" : `, ${Math.abs(first)} tokens ${first > 0 ? "added" : "taken off"}: so says usage`;
  return {
    counter: {
      way: way.way,
      about: `${way.about}${added}`,
      dear: false,
      count: async (text) => (await way.count(text)) + first,
    },
  };
}

/** The model reads every text. It begins otherwise than what is measured, so that no prefix cache knows the prompts. */
function usageWay(counting: Counting): Way & { dear: boolean } {
  const prefix = "Counting only. ";
  let added: number | null = null;
  const ask = async (system: string, text: string): Promise<number> => {
    const came = await usageCount(counting, { system, text });
    if (typeof came === "number") return came;
    throw new StartError(
      "workload",
      `Tokens are counted by the usage that ${counting.engine.url} reports, and a request with ${text.length} characters came back with ${came.instead}.`,
    );
  };
  return {
    way: "usage",
    about: "usage of requests for one token, which begin with another system message",
    dear: true,
    async count(text) {
      const [short = ""] = probes;
      added ??= (await ask(counting.system, short)) - (await ask(prefix + counting.system, short));
      return (await ask(prefix + counting.system, text)) + added;
    },
  };
}

const units = [" and", " a", " the", " of", " x", " 1"];

/** A word that is one token however often it is repeated. */
async function withUnit(way: Way & { readonly dear: boolean }): Promise<TokenCounter> {
  const counted = (padding: string) => way.count(`${endOfText(padding)}\n\nWhat was it?`);
  const none = await counted("");
  for (const unit of units) {
    if ((await counted(unit)) === none + 1 && (await counted(unit.repeat(40))) === none + 40)
      return { ...way, unit };
  }
  throw new StartError(
    "workload",
    `No prompt of an exact length can be built: of the words${units.join(",")} none is one token of the served model each time it is repeated.`,
  );
}
