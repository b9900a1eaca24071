import { messageOf, TollgateError } from "../../errors.ts";
import type { ContentFormat, Message } from "./normalise-messages.ts";
import { restoreLiterals } from "./python-literals.ts";
import { PythonTemplate } from "./python-template.ts";

/** A template refused messages, e.g. with `raise_exception`; the client's request cannot be answered. */
export class PromptTemplateError extends TollgateError {
  readonly code = "TOLLGATE_PROMPT_TEMPLATE";
}

export interface PromptInput {
  readonly messages: readonly Message[];
  /** Empty for none. */
  readonly tools: readonly Message[];
  /** `chat_template_kwargs` of the request. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly addGenerationPrompt: boolean;
}

const mediaWord = /image|audio|video|vision/;
const partLoop = /\{%-?\s*for\s+\w+\s+in\s+(?:message|msg|m)(?:\.content|\[\s*['"]content['"]\s*\])/;

/** A model's chat template. */
export class PromptTemplate {
  /** What SGLang would take this template for. */
  readonly contentFormat: ContentFormat;
  readonly #template: PythonTemplate;
  readonly #specialTokens: Readonly<Record<string, string>>;

  /**
   * @param source Jinja text
   * @param specialTokens what templates may print: `bos_token`, `eos_token`, …
   * @throws {PromptTemplateError} when it is not a template
   */
  constructor(source: string, specialTokens: Readonly<Record<string, string>>) {
    this.contentFormat = mediaWord.test(source) || partLoop.test(source) ? "openai" : "string";
    this.#specialTokens = specialTokens;
    try {
      this.#template = new PythonTemplate(source);
    } catch (cause) {
      throw new PromptTemplateError(`The chat template cannot be read: ${messageOf(cause)}`, { cause });
    }
  }

  /** @throws {PromptTemplateError} with the template's own message */
  render(input: PromptInput): string {
    try {
      return this.#render(input, input.tools);
    } catch (cause) {
      // Some templates take the bare functions; SGLang tries those second.
      const bare = input.tools.map((tool) => tool["function"] as Message);
      try {
        if (bare.length > 0) return this.#render(input, bare);
      } catch {
        throw refused(cause);
      }
      throw refused(cause);
    }
  }

  /**
   * As `render`, for readers that try one form of the tools only, as trainers do.
   * @throws {PromptTemplateError} with the template's own message
   */
  renderAsGiven(input: PromptInput): string {
    try {
      return this.#render(input, input.tools);
    } catch (cause) {
      throw refused(cause);
    }
  }

  #render({ messages, variables, addGenerationPrompt }: PromptInput, tools: readonly Message[]): string {
    const text = this.#template.render({
      ...this.#specialTokens,
      ...variables,
      messages,
      ...(tools.length > 0 ? { tools } : {}),
      add_generation_prompt: addGenerationPrompt,
    });
    return restoreLiterals(text);
  }
}

function refused(cause: unknown): PromptTemplateError {
  return new PromptTemplateError(`The chat template refused the messages: ${messageOf(cause)}`, { cause });
}
