import { stat } from "node:fs/promises";
import { messageOf, RunUnreadableError } from "../../errors.ts";
import { bytesText } from "../../report/tables/number-text.ts";
import { logPath } from "../../store/read-run.ts";
import { html, type Html } from "../html.ts";
import type { RunSource } from "../run-source.ts";
import type { ShownEpisode } from "./shown-episode.ts";
import { tokensHtml } from "./token-html.ts";
import { tokenTexts } from "./token-texts.ts";

/** In a compressed log no line can be found without reading those before it, and it holds fifty times as much as it is long. */
const compressedBytesMax = 500_000;

/** What a recording gateway kept of an episode's model calls; null where none did. @param wanted read it, however long that takes */
export async function recordedCalls(
  run: RunSource,
  episode: ShownEpisode,
  wanted: boolean,
): Promise<Html | null> {
  const path = await logPath(run.directory, "tokens.jsonl");
  if (path === null) return null;
  const { size } = await stat(path);
  if (path.endsWith(".zst") && size > compressedBytesMax && !wanted)
    return section(
      html`<p>
        The run's record of tokens is ${bytesText(size)}, compressed, which takes some seconds.
        <a href="${episode.address}?tokens=1#tokens">Read what it has of this episode</a>
      </p>`,
    );
  try {
    const recorded = await run.recordedTokens(episode.whole.record.episodeId);
    if (recorded === null) return wanted ? section(html`<p>It has nothing of this episode.</p>`) : null;
    return section(tokensHtml(recorded, (call) => tokenTexts(call, episode)));
  } catch (error) {
    if (!(error instanceof RunUnreadableError)) throw error;
    return section(html`<p>They cannot be read: ${messageOf(error)}</p>`);
  }
}

function section(content: Html): Html {
  return html`<section id="tokens">
    <h2>Recorded calls</h2>
    ${content}
  </section>`;
}
