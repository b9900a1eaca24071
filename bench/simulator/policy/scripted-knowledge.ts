import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError, messageOf } from "../../errors.ts";
import { draw } from "../settings/draw.ts";
import type { PlayedConversation, Turn } from "./conversation.ts";
import type { Policy, PolicyOptions } from "./policy.ts";
import { say } from "./reply.ts";
import { isSaid, playStep, type Step, stepSchema } from "./step.ts";

const replySchema = z.union([stepSchema, z.array(stepSchema).min(1)]);
const factSchema = z.strictObject({
  key: z.string().trim().min(1),
  needs: z.array(z.string().min(1)).default([]),
  good: replySchema,
  bad: z.array(replySchema).min(1),
});

/** What is known of one prompt: what is said where it is known, and what where it is not. */
interface Fact {
  readonly key: string;
  readonly needs: readonly string[];
  readonly good: readonly Step[];
  readonly bad: readonly (readonly Step[])[];
}

const unknown = "I am the simulated agent, and I know nothing of that.";

/**
 * Plays a model that knows a share `correct` of what it is asked, from lines of `{key, needs?, good, bad}`. The line is that whose key
 * the latest user message contains that contains any; the step is the number of messages that the agent has written since.
 * Good or bad is drawn from the simulator's seed, the key and the request's seed, so that neither order nor load nor arm changes
 * it. A request without a seed is told from its like by how often the same was asked before.
 */
export function scriptedKnowledge({ data, seed, correct = 1 }: PolicyOptions): Policy {
  if (data.length === 0)
    throw new ConfigError("--policy knowledge needs --data, a file with lines of {key, needs, good, bad}.");
  // A longer key says more exactly what is meant, where one contains another.
  const facts = data.flatMap(readFacts).toSorted((a, b) => b.key.length - a.key.length);
  const asked = new Map<string, number>();
  const timesAsked = (conversation: PlayedConversation): number => {
    const prompt = createHash("sha256").update(JSON.stringify(conversation)).digest("base64");
    const times = asked.get(prompt) ?? 0;
    asked.set(prompt, times + 1);
    return times;
  };
  return (conversation, _, requestSeed) => {
    const found = findFact(conversation.turns, facts);
    if (found === null) return say(unknown);
    const { fact, since } = found;
    const one =
      typeof requestSeed === "number"
        ? draw("knowledge", seed, fact.key, requestSeed)
        : draw("knowledge", seed, fact.key, "times", timesAsked(conversation));
    const said = since.filter(({ role }) => role === "assistant");
    // With a seed every step of a conversation draws the same; without one, it goes on as it has begun.
    const candidates = candidatesOf(fact, isKnown(fact, conversation.turns) ? correct : 0);
    const open = typeof requestSeed === "number" ? candidates : goingOn(candidates, said);
    return playStep(choose(open, one)[said.length], conversation.tools);
  };
}

interface Candidate {
  readonly steps: readonly Step[];
  readonly weight: number;
}

function candidatesOf({ good, bad }: Fact, correct: number): readonly Candidate[] {
  return [
    { steps: good, weight: correct },
    ...bad.map((steps) => ({ steps, weight: (1 - correct) / bad.length })),
  ];
}

/** Those that begin with what was said; all where none does, because somebody else has spoken. */
function goingOn(candidates: readonly Candidate[], said: readonly Turn[]): readonly Candidate[] {
  const open = candidates.filter(
    ({ steps, weight }) => weight > 0 && said.every((turn, index) => isStep(turn, steps[index])),
  );
  return open.length === 0 ? candidates : open;
}

function isStep({ text, calls }: Turn, step: Step | undefined): boolean {
  if (step === undefined || (step.text ?? "").trim() !== text.trim()) return false;
  const names = (step.calls ?? []).map(({ name }) => name);
  return JSON.stringify(names) === JSON.stringify(calls.map(({ name }) => name));
}

/** `one` is from [0, 1). */
function choose(candidates: readonly Candidate[], one: number): readonly Step[] {
  let left = one * candidates.reduce((sum, { weight }) => sum + weight, 0);
  for (const { steps, weight } of candidates) {
    if (left < weight) return steps;
    left -= weight;
  }
  return candidates.findLast(({ weight }) => weight > 0)?.steps ?? [];
}

function findFact(
  turns: readonly Turn[],
  facts: readonly Fact[],
): { readonly fact: Fact; readonly since: readonly Turn[] } | null {
  for (const [index, turn] of [...turns.entries()].toReversed()) {
    const fact = isSaid(turn) ? facts.find(({ key }) => turn.text.includes(key)) : undefined;
    if (fact !== undefined) return { fact, since: turns.slice(index + 1) };
  }
  return null;
}

/** Of a prompt that was truncated only the rest counts. */
function isKnown({ needs }: Fact, turns: readonly Turn[]): boolean {
  return needs.every((need) => turns.some(({ text }) => text.includes(need)));
}

function readFacts(file: string): readonly Fact[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigError(
      `--data ${file}, which --policy knowledge reads, cannot be read: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      const { good, bad, ...fact } = factSchema.parse(JSON.parse(line));
      return [{ ...fact, good: listOf(good), bad: bad.map(listOf) }];
    } catch (cause) {
      const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
      throw new ConfigError(
        `--data ${file}, line ${index + 1}, is no {key, needs, good, bad}, which --policy knowledge reads: ${why}`,
        { cause },
      );
    }
  });
}

function listOf(reply: Step | readonly Step[]): readonly Step[] {
  return "length" in reply ? reply : [reply];
}
