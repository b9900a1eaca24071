import type { PairKey } from "./run-source.ts";

/** Addresses of the pages, in one place: who makes a link and who answers it must agree. Safe to put into an attribute once escaped. */
export function runAddress(name: string): string {
  return `/runs/${encodeURIComponent(name)}`;
}

export function reportAddress(name: string): string {
  return `${runAddress(name)}/report`;
}

/** A step of a run of the preference loop. */
export function stepAddress(name: string, preference: string, step: number): string {
  return `${runAddress(name)}/steps/${encodeURIComponent(preference)}/${step}`;
}

/** The same of a run that lies deeper in the folder that is served, which has no page of its own. */
export function evalStepAddress(
  resultsDirectory: string | null,
  { run, preference, step }: { readonly run: string; readonly preference: string; readonly step: number },
): string {
  return withQuery("/v1/eval/step", { results_dir: resultsDirectory, run, preference, step: String(step) });
}

/** The page of the original harness, by its name and with its parameters. */
export function evalAddress(asked: {
  readonly resultsDirectory: string | null;
  readonly page: number;
  readonly perPage: number;
}): string {
  const { resultsDirectory, page, perPage } = asked;
  return withQuery("/v1/eval", {
    results_dir: resultsDirectory,
    page: String(page),
    per_page: String(perPage),
  });
}

export function episodeAddress(name: string, episodeId: string): string {
  return `${runAddress(name)}/episodes/${encodeURIComponent(episodeId)}`;
}

/** Filters that are not given are not in the address, so that equal lists have equal addresses. */
export function episodesAddress(name: string, filters: Readonly<Record<string, string | null>> = {}): string {
  return withQuery(`${runAddress(name)}/episodes`, filters);
}

export function pairsAddress(name: string, filters: Readonly<Record<string, string | null>> = {}): string {
  return withQuery(`${runAddress(name)}/pairs`, filters);
}

/** The same task and trial in every arm, side by side. */
export function pairAddress(name: string, { domain, taskId, trial, load, repetition }: PairKey): string {
  return pairsAddress(name, {
    domain,
    task: taskId,
    trial: String(trial),
    load,
    repetition: String(repetition),
  });
}

/** Of what goes on in a run, from what is known already (`RunFacts.version`). */
export function eventsAddress(name: string, since: string | null = null): string {
  return withQuery(`/events/${encodeURIComponent(name)}`, { since });
}

function withQuery(path: string, filters: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(filters))
    if (value !== null && value !== "") query.set(key, value);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
