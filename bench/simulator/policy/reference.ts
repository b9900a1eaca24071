/** The identity of an episode as it travels in the conversation, and the marks that the two policies exchange. */
export interface EpisodeReference {
  readonly domain: string;
  readonly taskId: string;
  readonly trial: number;
}

const referencePattern = /^([A-Za-z0-9_-]+)\/([^/\s\]]+)\/(\d+)$/;

/** Reads `<domain>/<encodeURIComponent(taskId)>/<trial>`; null when the text has another form. */
export function parseReference(text: string): EpisodeReference | null {
  const [, domain, task, trial] = referencePattern.exec(text.trim()) ?? [];
  if (domain === undefined || task === undefined || trial === undefined) return null;
  try {
    return { domain, taskId: decodeURIComponent(task), trial: Number(trial) };
  } catch (error) {
    // A percent sign that does not begin a reference.
    if (error instanceof URIError) return null;
    throw error;
  }
}

export function formatReference({ domain, taskId, trial }: EpisodeReference): string {
  return `[ref ${domain}/${encodeURIComponent(taskId)}/${trial}]`;
}

/** The first `[ref …]` in a text. */
export function findReference(text: string): EpisodeReference | null {
  const match = /\[ref ([^\s\]]+)\]/.exec(text);
  return match?.[1] === undefined ? null : parseReference(match[1]);
}

export const stopToken = "###STOP###";
export const closingQuestion = "Is there anything else I can help you with?";

export type Mark = "do" | "done" | "cannot";

export function mark(kind: Mark, step: number): string {
  return `[${kind} ${step}]`;
}

/** Steps named by marks of one kind, in order. */
export function findMarks(text: string, kind: Mark): readonly number[] {
  return [...text.matchAll(new RegExp(String.raw`\[${kind} (\d+)\]`, "g"))].map(([, step]) => Number(step));
}
