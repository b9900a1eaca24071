import { resolve } from "node:path";
import { z } from "zod";
import type { PromptModel } from "../gateway/rendering/model-folder.ts";
import { isRecord, type Message } from "../gateway/rendering/normalise-messages.ts";
import { PromptTemplateError } from "../gateway/rendering/prompt-template.ts";
import { parseForTemplate } from "../gateway/rendering/python-literals.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";
import type { LeftOut } from "./left-out.ts";
import { tokensOfRequests } from "./request-tokens.ts";
import { sftLine } from "./sft-line.ts";
import type { SftMessage } from "./sft-messages.ts";
import { textDifference } from "./sft-text-check.ts";
import { answerTokens, tokenDifference, type AnswerTokens, type RenderedLine } from "./sft-token-check.ts";
import { toolForms } from "./sft-tools.ts";

/** How many conversations were held against what their model wrote, and how many are as it wrote them. */
export const verificationSchema = z.object({
  templateSha256: z.string(),
  tokenizerSha256: z.string(),
  checked: z.number().int(),
  verified: z.number().int(),
  /** Of the verified ones: by the engine's token ids, or, where none were recorded, by the texts of its answers. */
  byTokens: z.number().int(),
  byText: z.number().int(),
  /** A conversation is several lines where a template drops from an earlier answer what the model wrote. */
  lines: z.number().int(),
  /** The first conversations that differ, each with its first difference. */
  differences: z.array(
    z.object({
      episodeId: z.string(),
      reason: z.string(),
      message: z.number().int(),
      token: z.number().int().nullable(),
      expected: z.string(),
      actual: z.string(),
    }),
  ),
});
export type Verification = z.infer<typeof verificationSchema>;

const differencesMax = 100;

interface Candidate {
  readonly messages: readonly SftMessage[];
  readonly tools: string;
}

/** A candidate as its template renders it. */
interface Rendering extends RenderedLine {
  readonly candidate: Candidate;
  /** The line's own messages and tools, as a trainer reads them. */
  readonly given: { readonly messages: readonly Message[]; readonly tools: readonly Message[] };
}

/** Says how an answer of a rendered line differs from what the engine gave; null where it does not. */
type Check = (answer: number, rendering: Rendering, answers: readonly number[]) => LeftOut | null;

/**
 * Renders chat lines through the model folder's own template, as a trainer will, and keeps those in which every answer
 * stands in the context that the engine had, as the engine gave it.
 */
export class LineVerifier {
  readonly #model: PromptModel;
  readonly #counts = { checked: 0, verified: 0, byTokens: 0, byText: 0, lines: 0 };
  readonly #differences: Verification["differences"] = [];

  constructor(model: PromptModel) {
    this.#model = model;
  }

  get verification(): Verification {
    const { templateSha256, tokenizerSha256 } = this.#model;
    return { templateSha256, tokenizerSha256, ...this.#counts, differences: [...this.#differences] };
  }

  /** The lines of a conversation: together they train each of its answers once. */
  verifiedLines(whole: InlinedTrajectory, messages: readonly SftMessage[]): readonly string[] | LeftOut {
    this.#counts.checked += 1;
    const { recorded } = whole;
    const byTokens = recorded !== null && recorded.level !== "L0";
    const check = byTokens ? this.#tokenCheck(whole, messages) : this.#textCheck;
    const lines = "reason" in check ? check : this.#linesOf({ whole, messages }, check);
    if ("reason" in lines) {
      const { reason, difference } = lines;
      if (difference !== undefined && this.#differences.length < differencesMax)
        this.#differences.push({ episodeId: whole.record.episodeId, reason, ...difference });
      return this.#withDetail(lines, whole);
    }
    this.#counts.verified += 1;
    this.#counts[byTokens ? "byTokens" : "byText"] += 1;
    this.#counts.lines += lines.length;
    return lines;
  }

  /** From the last answer to the first: a line trains every answer that is in its place there. */
  #linesOf(
    { whole, messages }: { readonly whole: InlinedTrajectory; readonly messages: readonly SftMessage[] },
    check: Check,
  ): readonly string[] | LeftOut {
    const lines: string[] = [];
    let open = [...messages.keys()].filter((index) => messages[index]?.requestId != null);
    while (open.length > 0) {
      const found = this.#firstProven(candidates(messages, open, toolForms(whole)), open, check);
      if ("reason" in found) return found;
      const last = open.at(-1);
      const trained = open.filter((answer) => answer === last || check(answer, found, open) === null);
      lines.unshift(sftLine({ ...found.candidate, trained: new Set(trained) }));
      open = open.filter((answer) => !trained.includes(answer));
    }
    return lines;
  }

  #firstProven(all: readonly Candidate[], open: readonly number[], check: Check): Rendering | LeftOut {
    let closest: LeftOut | null = null;
    for (const candidate of all) {
      const rendering = this.#render(candidate);
      const wrong = "reason" in rendering ? rendering : check(open.at(-1) ?? -1, rendering, open);
      if (wrong === null && !("reason" in rendering)) return rendering;
      const [now, before] = [wrong?.difference?.token ?? -1, closest?.difference?.token ?? -1];
      if (closest === null || now > before) closest = wrong;
    }
    return closest ?? { reason: "not verified: there is nothing to render" };
  }

  #render(candidate: Candidate): Rendering | LeftOut {
    const line = sftLine({ ...candidate, trained: new Set() });
    const read = parseForTemplate(line);
    const messages = isRecord(read) ? listOf(read["messages"]) : [];
    const tools = isRecord(read) ? listOf(read["tools"]) : [];
    try {
      const text = this.#rendered({ messages, tools }, { addGenerationPrompt: false });
      return { candidate, text, ids: this.#model.tokenizer.encode(text), given: { messages, tools } };
    } catch (cause) {
      if (!(cause instanceof PromptTemplateError)) throw cause;
      return { reason: "not verified: the template refuses the messages", detail: cause.message };
    }
  }

  #rendered(
    { messages, tools }: Rendering["given"],
    { addGenerationPrompt }: { readonly addGenerationPrompt: boolean },
  ): string {
    return this.#model.template.renderAsGiven({ messages, tools, variables: {}, addGenerationPrompt });
  }

  #tokenCheck(whole: InlinedTrajectory, messages: readonly SftMessage[]): Check | LeftOut {
    const tokens = tokensOfRequests(whole);
    const known = new Map<number, AnswerTokens>();
    for (const [index, { requestId }] of messages.entries()) {
      if (requestId === null) continue;
      const sequence = tokens(requestId);
      if (sequence === null) return { reason: "not verified: no token ids of an answer were recorded" };
      known.set(index, answerTokens(index, sequence));
    }
    return (index, rendering, open) => {
      const answer = known.get(index);
      const answers = [...known.values()].filter(({ message }) => message <= (open.at(-1) ?? -1));
      return answer === undefined ? null : tokenDifference(rendering, { answer, answers }, this.#model);
    };
  }

  readonly #textCheck: Check = (index, { text, candidate, given }) => {
    const message = candidate.messages[index];
    if (message === undefined) return null;
    try {
      const before = { messages: given.messages.slice(0, index), tools: given.tools };
      const prompt = this.#rendered(before, { addGenerationPrompt: true });
      const { endOfTurn } = this.#model;
      return textDifference({ text, prompt, endOfTurn, tools: given.tools, index, message });
    } catch (cause) {
      if (!(cause instanceof PromptTemplateError)) throw cause;
      return { reason: "not verified: the template refuses the messages", detail: cause.message };
    }
  };

  #withDetail(leftOut: LeftOut, { recorded }: InlinedTrajectory): LeftOut {
    const { difference } = leftOut;
    if (difference === undefined) return leftOut;
    const { message, token, expected, actual } = difference;
    const place = token === null ? `message ${message}` : `message ${message}, token ${token}`;
    const other =
      recorded?.tokenizerSha256 != null && recorded.tokenizerSha256 !== this.#model.tokenizerSha256
        ? `; the prompts were rendered with another tokenizer than that of ${resolve(this.#model.directory)}`
        : "";
    const detail = `${place}: the engine had ${JSON.stringify(expected)}, the line renders ${JSON.stringify(actual)}${other}`;
    return { ...leftOut, detail };
  }
}

/** Engines that were sent no reasoning back had none in their prompts: then it belongs to the last answer alone. */
function candidates(
  messages: readonly SftMessage[],
  open: readonly number[],
  forms: readonly string[],
): readonly Candidate[] {
  const last = open.at(-1) ?? -1;
  const upToLast = messages.slice(0, last + 1);
  const forgetful = upToLast.map((message, index) =>
    index < last ? { ...message, reasoning: "" } : message,
  );
  const histories = upToLast.some(({ reasoning }, index) => index < last && reasoning !== "")
    ? [upToLast, forgetful]
    : [upToLast];
  return histories.flatMap((history) => forms.map((tools) => ({ messages: history, tools })));
}

function listOf(value: unknown): readonly Message[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
