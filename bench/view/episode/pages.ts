import type { PairKey, RunSource } from "../run-source.ts";
import { comparisonPage } from "./comparison-page.ts";
import { wholeEpisodePage } from "./episode-page.ts";
import { messagePartPage, requestPartPage } from "./part-pages.ts";
import { readWholeEpisode } from "./whole-episode.ts";

export { episodeStyle } from "./style.ts";

/**
 * The page of an episode, or of a part of it that is too large for that page; null where there is none. Whatever stands in the run is
 * shown as text.
 * @param search `message=N`: the text of a message, `from=K` on; `request=N`: the bodies of a request on both sides; `bodies=1`,
 * `tokens=1`: read bodies, or recorded tokens, although there are many
 */
export async function episodePage(
  run: RunSource,
  episodeId: string,
  search: URLSearchParams = new URLSearchParams(),
): Promise<string | null> {
  const whole = await readWholeEpisode(run, episodeId);
  if (whole === null) return null;
  const [message, request] = [search.get("message"), search.get("request")];
  if (message !== null) return messagePartPage(run, whole, { message, from: search.get("from") });
  if (request !== null) return await requestPartPage(run, whole, request);
  return await wholeEpisodePage(run, whole, {
    bodies: search.has("bodies"),
    tokens: search.has("tokens"),
  });
}

/**
 * One task and trial in two arms, side by side; null where no episode of it is finished.
 * @param search `left=ARM`, `right=ARM`: which two, where there are more; the baseline is left where nothing is said
 */
export async function pairPage(
  run: RunSource,
  pair: PairKey,
  search: URLSearchParams = new URLSearchParams(),
): Promise<string | null> {
  return await comparisonPage(run, pair, { left: search.get("left"), right: search.get("right") });
}
