import { ConfigError, messageOf } from "../../../bench/errors.ts";
import { sglangMessages } from "../../../bench/gateway/rendering/engine-prompt.ts";
import { readPromptModel } from "../../../bench/gateway/rendering/model-folder.ts";
import { normaliseMessages } from "../../../bench/gateway/rendering/normalise-messages.ts";

export interface FolderTokenizer {
  readonly sha256: string;
  /** Tokens of system message and text in the chat template of the folder. */
  count(system: string, text: string): number;
}

/** The tokenizer and the chat template of a model's folder. @throws {ConfigError} */
export function folderTokenizer(directory: string): FolderTokenizer {
  try {
    const { template, tokenizer, tokenizerSha256 } = readPromptModel(directory);
    return {
      sha256: tokenizerSha256,
      count(system, text) {
        const { messages } = normaliseMessages(
          [
            { role: "system", content: system },
            { role: "user", content: text },
          ],
          template.contentFormat,
        );
        const prompt = template.render({
          messages: sglangMessages(messages, { lastIsPrompt: true }),
          tools: [],
          variables: {},
          addGenerationPrompt: true,
        });
        return tokenizer.encode(prompt).length;
      },
    };
  } catch (cause) {
    throw new ConfigError(
      `workload.tokenizer: the folder ${directory} cannot count tokens: ${messageOf(cause)}. Name the folder of the served model, with tokenizer.json, tokenizer_config.json and its chat template; or leave the key out, and the server is asked.`,
      { cause },
    );
  }
}
