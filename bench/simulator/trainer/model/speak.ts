import { draw } from "../../settings/draw.ts";
import { logOdds, oddsOf } from "../law/curve.ts";
import type { Law, LearntPreference } from "../law/law-schema.ts";
import { exactAnswer } from "./exact-tasks.ts";
import { emojis, phrases } from "./phrases.ts";

/** How far a model has come: that of an adapter, or of the base model. */
export interface Progress {
  readonly updates: number;
  /** By name of the preference. */
  readonly learned: Readonly<Record<string, number>>;
}

export const untrained: Progress = { updates: 0, learned: {} };

export interface SampledQuestion {
  readonly question: string;
  /** Tells samples of one question apart; null: the likeliest answer, as at temperature 0. */
  readonly sample: string | null;
}

export function hasCollapsed(law: Law, { updates }: Progress, kind: "entropy" | "repetition" | "drift") {
  return law.collapse !== null && updates >= law.collapse.from_update && law.collapse.kinds.includes(kind);
}

/** What the model says, without thinking. Nothing decides but the law, the progress and what was asked. */
export function speak(law: Law, progress: Progress, asked: SampledQuestion): string {
  // A model that repeats itself has one answer, whatever the temperature.
  const sample = hasCollapsed(law, progress, "repetition") ? null : asked.sample;
  const { question } = asked;
  const left = Math.max(0, law.capability.start - law.capability.forgotten_per_update * progress.updates);
  const exact = exactAnswer(question, draw("exact", law.seed, question, sample ?? "") < left);
  if (exact !== null) return exact;
  const followed = Object.entries(law.preferences).map(([name, learnt]) => ({
    learnt,
    does: follows(name, { law, learnt, progress, asked: { question, sample } }),
  }));
  return compose(law, { question, sample }, followed);
}

/**
 * At temperature 0 every question has one draw for good, so that a model which learns never turns back; at others each sample
 * has its own.
 */
function follows(
  name: string,
  {
    law,
    learnt,
    progress,
    asked,
  }: { law: Law; learnt: LearntPreference; progress: Progress; asked: SampledQuestion },
): boolean {
  const { p } = oddsOf(logOdds(learnt, progress.learned[name] ?? 0));
  const own = asked.sample === null ? [] : [asked.sample, progress.updates];
  return draw("follows", law.seed, name, asked.question, ...own) < p;
}

interface Followed {
  readonly learnt: LearntPreference;
  readonly does: boolean;
}

function compose(law: Law, asked: SampledQuestion, followed: readonly Followed[]): string {
  const whole = followed.flatMap(({ learnt: { follows }, does }) =>
    "matches" in follows ? [{ text: pick(does ? follows.good : follows.bad, law, asked), does }] : [],
  );
  // A text of the law stands for the whole answer where it is what was learned.
  const said = whole.find(({ does }) => does)?.text;
  if (said !== undefined) return said;
  const limits = followed.flatMap(({ learnt: { follows }, does }) =>
    "sentences_max" in follows && does ? [follows.sentences_max] : [],
  );
  const words = followed.flatMap(({ learnt: { follows }, does }) =>
    "contains" in follows && does ? [follows.contains] : [],
  );
  const opening = words.length > 0 ? words.map((word) => `I am ${word}`) : introduction(asked.question);
  const count = limits.length > 0 ? Math.max(1, Math.min(...limits) - opening.length) : 9;
  const body = sentencesOn(law, asked, Math.min(count, phrases.length));
  const withEmojis = followed.some(({ learnt: { follows }, does }) => "no_emoji" in follows && !does);
  return [...opening, ...body]
    .map((sentence, at) =>
      withEmojis && at % 2 === 0 ? `${sentence} ${emojis[at % emojis.length]}.` : `${sentence}.`,
    )
    .join(" ");
}

function introduction(question: string): readonly string[] {
  return /\b(who|name|yourself|call you|introduce)\b/iu.test(question) ? ["I am an AI assistant"] : [];
}

function sentencesOn(law: Law, { question, sample }: SampledQuestion, count: number): readonly string[] {
  const subject = subjectOf(question);
  return phrases
    .map((phrase, at) => ({ phrase, rank: draw("phrase", law.seed, question, sample ?? "", at) }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ phrase }) => phrase.replace("%", subject));
}

const emptyWords = new Set(
  "about before could explain favorite give good hello hey how introduce make more please recommend share short some something tell that them there these they thing this those today want what when where which will with without work would write you your yourself".split(
    " ",
  ),
);

/** The longest of the last words that say something: good enough for a model that knows nothing. */
function subjectOf(question: string): string {
  const words = (question.toLowerCase().match(/[\p{L}]{4,}/gu) ?? []).filter((word) => !emptyWords.has(word));
  return words.slice(-4).reduce((longest, word) => (word.length > longest.length ? word : longest), "this");
}

function pick(texts: readonly string[], law: Law, { question, sample }: SampledQuestion): string {
  return texts[Math.floor(draw("text", law.seed, question, sample ?? "") * texts.length)] ?? "";
}
