import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, StartError, TollgateError } from "../../errors.ts";
import { ModelTokenizer } from "./model-tokenizer.ts";
import { PromptTemplate } from "./prompt-template.ts";

/** What a folder of a model says about its prompts. */
export interface PromptModel {
  /** Where it was read from. */
  readonly directory: string;
  readonly tokenizer: ModelTokenizer;
  readonly template: PromptTemplate;
  /** Text of the token that ends a message of the model; null where the folder names none. */
  readonly endOfTurn: string | null;
  /** Sampling parameters that the model's makers set; SGLang uses them where a request has none. */
  readonly samplingDefaults: Readonly<Record<string, number>>;
  /** Of tokenizer.json. */
  readonly tokenizerSha256: string;
  /** Of the template's text. */
  readonly templateSha256: string;
}

const specialToken = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish();
const configSchema = z.looseObject({
  chat_template: z
    .union([z.string(), z.array(z.object({ name: z.string(), template: z.string() })).min(1)])
    .nullish(),
  bos_token: specialToken,
  eos_token: specialToken,
  pad_token: specialToken,
  unk_token: specialToken,
});
type TokenizerConfig = z.infer<typeof configSchema>;

const defaultNames = ["temperature", "top_p", "top_k", "min_p", "repetition_penalty"] as const;

/** A folder lacks what rendering needs, or cannot be read; the message says what. */
export class ModelFolderError extends TollgateError {
  readonly code = "TOLLGATE_MODEL_FOLDER";
}

/**
 * For a gateway: what `readPromptModel` reads.
 * @throws {StartError} when the folder cannot serve, with what to do
 */
export function loadPromptModel(directory: string): PromptModel {
  try {
    return readPromptModel(directory);
  } catch (cause) {
    if (!(cause instanceof ModelFolderError)) throw cause;
    throw new StartError(
      "gateway",
      `Level L2 renders prompts with the model's own files, and the folder ${directory} cannot serve: ${cause.message}. Give --tokenizer the folder that the engine was started with, or one with its tokenizer.json, tokenizer_config.json and chat template.`,
      { cause },
    );
  }
}

/**
 * Reads tokenizer.json, tokenizer_config.json, the chat template (chat_template.jinja, or in tokenizer_config.json) and
 * generation_config.json where there is one.
 * @throws {ModelFolderError}
 */
export function readPromptModel(directory: string): PromptModel {
  const tokenizerText = readText(directory, "tokenizer.json");
  if (tokenizerText === null) throw new ModelFolderError("it has no tokenizer.json");
  try {
    const config = configSchema.parse(JSON.parse(readText(directory, "tokenizer_config.json") ?? "{}"));
    const source = readText(directory, "chat_template.jinja") ?? templateIn(config);
    if (source === null) throw new ModelFolderError("it has no chat template");
    const { bos_token, eos_token, pad_token, unk_token } = config;
    const specialTokens = Object.fromEntries(
      Object.entries({ bos_token, eos_token, pad_token, unk_token }).flatMap(([name, text]) =>
        text == null ? [] : [[name, text]],
      ),
    );
    return {
      directory,
      tokenizer: new ModelTokenizer(JSON.parse(tokenizerText) as object, config),
      template: new PromptTemplate(source, specialTokens),
      endOfTurn: eos_token ?? null,
      samplingDefaults: samplingDefaults(readText(directory, "generation_config.json")),
      tokenizerSha256: sha256(tokenizerText),
      templateSha256: sha256(source),
    };
  } catch (cause) {
    if (cause instanceof ModelFolderError) throw cause;
    throw new ModelFolderError(messageOf(cause), { cause });
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function samplingDefaults(text: string | null): Readonly<Record<string, number>> {
  const config = z.looseObject({}).parse(JSON.parse(text ?? "{}"));
  return Object.fromEntries(
    defaultNames.flatMap((name) => {
      const value = config[name];
      return typeof value === "number" ? [[name, value]] : [];
    }),
  );
}

function templateIn({ chat_template: template }: TokenizerConfig): string | null {
  if (!Array.isArray(template)) return template ?? null;
  return (template.find(({ name }) => name === "default") ?? template[0])?.template ?? null;
}

/** null for a file that is not there. */
function readText(directory: string, name: string): string | null {
  try {
    return readFileSync(join(directory, name), "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new ModelFolderError(messageOf(cause), { cause });
  }
}
