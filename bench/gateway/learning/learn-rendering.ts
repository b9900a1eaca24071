import { CallTree } from "../sessions/call-tree.ts";
import { renderConversation } from "../rendering/conversation-prompt.ts";
import type { PromptModel } from "../rendering/model-folder.ts";
import { PromptTemplateError } from "../rendering/prompt-template.ts";
import { defaultToolForm, toolFormNames } from "../rendering/tool-forms.ts";
import { engineIdsOf, isCached } from "./cache-evidence.ts";
import { promptEvidence, type PromptEvidence } from "./engine-prompt-evidence.ts";
import type { EngineProbe } from "./engine-probe.ts";
import { probeConversations, withoutTools, type ProbeConversation } from "./probe-conversation.ts";

/** How an engine renders, as far as it could be learned from its own answers. */
export interface LearnedRendering {
  /** `unknown`: it could not be asked, or its answers allow more than one form. */
  readonly result: "equal" | "different" | "unknown";
  /** The form of tools that is used from now on. */
  readonly toolForm: string;
  /** What it was learned from, or what is wrong, in words. */
  readonly detail: string;
}

/** A conversation, and what the engine makes of it. */
interface Question {
  readonly conversation: ProbeConversation;
  readonly evidence: PromptEvidence;
}

/** Forms that make the same tokens of all questions are one candidate: nothing that was asked tells them apart. */
interface Candidate {
  readonly toolForm: string;
  /** By question; null where the template refuses it. */
  readonly prompts: readonly (Int32Array | null)[];
}

/**
 * Learns from the engine's own tokens in which form its template gets tools, and whether it renders as this gateway does at
 * all: with another model's tokenizer everything would look right and be wrong.
 * @param mark a text that no prompt of the engine has held before
 */
export async function learnRendering(
  probe: EngineProbe,
  model: PromptModel,
  mark: string,
): Promise<LearnedRendering> {
  const questions: Question[] = [];
  for (const conversation of probeConversations(mark))
    questions.push({ conversation, evidence: await promptEvidence(probe, conversation) });
  const [main, ...more] = questions;
  if (main === undefined || main.evidence.kind === "none") {
    const why = main?.evidence.kind === "none" ? main.evidence.why : "it was not asked";
    return {
      result: "unknown",
      toolForm: defaultToolForm,
      detail: `it does not say what it makes of messages: ${why}`,
    };
  }
  const asked = [main, ...more.filter(({ evidence }) => evidence.kind !== "none")];
  const candidates = candidatesFor(asked, model);
  const fitting = candidates.filter(({ prompts }) =>
    asked.every((one, at) => fits(one.evidence, prompts[at] ?? null)),
  );
  const [first, ...others] = fitting;
  if (first === undefined)
    return {
      result: "different",
      toolForm: candidates[0]?.toolForm ?? defaultToolForm,
      detail: await differenceOf({ asked, candidates, model }, probe, mark),
    };
  if (main.evidence.kind === "ids") return equal(first, `learned from ${main.evidence.source}`);
  return byCache([first, ...others], probe, model);
}

const equal = ({ toolForm }: Candidate, detail: string): LearnedRendering => ({
  result: "equal",
  toolForm,
  detail,
});

function candidatesFor(asked: readonly Question[], model: PromptModel): readonly Candidate[] {
  const distinct = new Map<string, Candidate>();
  for (const toolForm of toolFormNames) {
    const prompts = asked.map(({ conversation }) => rendered(conversation, toolForm, model));
    const key = prompts.map((prompt) => prompt?.join() ?? "").join(";");
    if (prompts.some((prompt) => prompt !== null) && !distinct.has(key))
      distinct.set(key, { toolForm, prompts });
  }
  return [...distinct.values()];
}

/** null for a conversation that the template refuses. */
function rendered(
  { messages, tools }: ProbeConversation,
  toolForm: string,
  model: PromptModel,
): Int32Array | null {
  try {
    return renderConversation({ messages, tools, toolForm, variables: {} }, model, new CallTree()).ids;
  } catch (cause) {
    if (cause instanceof PromptTemplateError) return null;
    throw cause;
  }
}

function fits(evidence: PromptEvidence, prompt: Int32Array | null): boolean {
  if (prompt === null || evidence.kind === "none") return false;
  if (evidence.kind === "count") return evidence.count === prompt.length;
  return firstDifference(evidence.ids, prompt) === null;
}

/** Of several forms with as many tokens as the engine counted, the one whose ids its prefix cache knows. */
async function byCache(
  fitting: readonly [Candidate, ...Candidate[]],
  probe: EngineProbe,
  model: PromptModel,
): Promise<LearnedRendering> {
  const [first] = fitting;
  const ours = first.prompts[0] ?? new Int32Array();
  const theirs = await engineIdsOf(probe, model.tokenizer.decode(ours));
  if (theirs !== null && firstDifference(theirs, ours) !== null)
    return {
      result: "different",
      toolForm: first.toolForm,
      detail: "it makes other tokens of the same text: its tokenizer is not the one of this folder",
    };
  let hasCache = true;
  for (const candidate of fitting) {
    const asked = candidate.prompts.filter((prompt) => prompt !== null);
    const known = await Promise.all(asked.map((prompt) => isCached(probe, prompt)));
    if (known.every((one) => one === true))
      return equal(candidate, "learned from its usage counts, and proven by what its prefix cache holds");
    if (known.includes(null)) hasCache = false;
  }
  if (hasCache)
    return {
      result: "different",
      toolForm: first.toolForm,
      detail:
        "it counts as many tokens as this gateway makes, and its prefix cache shows that they are others",
    };
  if (fitting.length === 1)
    return equal(
      first,
      "learned from its usage counts alone: it gives no ids, and has no prefix cache that could prove them",
    );
  return {
    result: "unknown",
    toolForm: first.toolForm,
    detail: `its usage counts fit ${fitting.length} ways of writing tools (${fitting.map(({ toolForm }) => toolForm).join(", ")}), and it gives no ids that could tell them apart`,
  };
}

interface Failure {
  readonly asked: readonly Question[];
  readonly candidates: readonly Candidate[];
  readonly model: PromptModel;
}

async function differenceOf(failure: Failure, probe: EngineProbe, mark: string): Promise<string> {
  const { asked, candidates, model } = failure;
  const at = asked.findIndex(
    ({ evidence }, index) => !candidates.some(({ prompts }) => fits(evidence, prompts[index] ?? null)),
  );
  const question = asked[Math.max(0, at)];
  const evidence = question?.evidence;
  const prompts = candidates.flatMap(({ prompts: all }) => all[Math.max(0, at)] ?? []);
  const plain = withoutTools(mark);
  const bare = { conversation: plain, evidence: await promptEvidence(probe, plain) };
  const where = fits(bare.evidence, rendered(plain, defaultToolForm, model))
    ? "Without tools the two are equal, so it writes tools in a form that this gateway does not know"
    : "Without tools they differ as well";
  if (evidence?.kind !== "ids") {
    const counts = [...new Set(prompts.map(({ length }) => length))].toSorted((a, b) => a - b);
    const count = evidence?.kind === "count" ? evidence.count : 0;
    return `it makes ${count} tokens of a conversation of which this gateway makes ${listed(counts)}. ${where}`;
  }
  return `${closestDifference(evidence.ids, prompts, model)}. ${where}`;
}

function closestDifference(
  theirs: readonly number[],
  prompts: readonly Int32Array[],
  model: PromptModel,
): string {
  const places = prompts.map((prompt) => firstDifference(theirs, prompt) ?? prompt.length);
  const place = Math.max(0, ...places);
  const ours = prompts[places.indexOf(place)] ?? new Int32Array();
  const around = (ids: readonly number[] | Int32Array) =>
    JSON.stringify(model.tokenizer.decode(Int32Array.from(ids.slice(Math.max(0, place - 12), place + 24))));
  return `it makes ${theirs.length} tokens of a conversation of which this gateway makes ${ours.length}; they differ from token ${place} on: it has ${around(theirs)}, this gateway ${around(ours)}`;
}

function firstDifference(theirs: readonly number[], ours: Int32Array): number | null {
  const at = ours.findIndex((id, place) => id !== theirs[place]);
  if (at === -1 && ours.length === theirs.length) return null;
  return at === -1 ? ours.length : at;
}

const listed = (values: readonly number[]) =>
  values.length < 2 ? values.join("") : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
