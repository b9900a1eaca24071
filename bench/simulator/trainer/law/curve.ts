import type { LearntPreference } from "./law-schema.ts";

/** The learning rate with which an update counts as one. */
const usualLearningRate = 3e-5;

/** As how many updates one with another learning rate counts. */
export function weightOf(learningRate: number): number {
  return learningRate / usualLearningRate;
}

/**
 * Log odds that an answer follows a preference after updates of a total weight: they grow in a straight line from `start` and
 * end at `end`, from whichever side they come.
 */
export function logOdds({ start, end, rate }: LearntPreference, weight: number): number {
  const [from, limit] = [logit(start), logit(end)];
  const reached = from + rate * weight;
  return rate >= 0 ? Math.min(reached, Math.max(limit, from)) : Math.max(reached, Math.min(limit, from));
}

export function logit(probability: number): number {
  return Math.log(probability) - Math.log1p(-probability);
}

/** Probability, and logarithms of it and of what is left; no precision is lost at either end. */
export function oddsOf(odds: number): { readonly p: number; readonly lnP: number; readonly lnNot: number } {
  return { p: 1 / (1 + Math.exp(-odds)), lnP: -softplus(-odds), lnNot: -softplus(odds) };
}

/** ln(1 + exp(x)) */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
