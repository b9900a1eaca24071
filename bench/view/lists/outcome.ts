import { numberText } from "../../report/tables/number-text.ts";
import { html, type Html } from "../html.ts";
import type { EpisodeRow } from "../../store/episode-columns.ts";

/** What became of an episode, in a word or a number. Without a reward is not a reward of 0. */
export function outcomeText({
  status,
  failure,
  reward,
}: Pick<EpisodeRow, "status" | "failure" | "reward">): string {
  if (status === "failed") return failure === null ? "failed" : `failed: ${failure}`;
  const scored = reward === null ? "no reward" : `reward ${numberText(reward)}`;
  return status === "completed" ? scored : `${status}, ${scored}`;
}

/** The same with a colour; the word says it without, too. */
export function outcomeMark(row: Pick<EpisodeRow, "status" | "failure" | "reward" | "passed">): Html {
  const { status, reward, passed } = row;
  const tone =
    status === "failed" || reward === 0
      ? "bad"
      : status === "completed" && passed === true
        ? "good"
        : "doubt";
  return html`<span class="${tone}">${outcomeText(row)}</span>`;
}
