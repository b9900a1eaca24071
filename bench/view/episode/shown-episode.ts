import { RunUnreadableError, messageOf } from "../../errors.ts";
import { bytesText } from "../../report/tables/number-text.ts";
import { episodeAddress } from "../addresses.ts";
import { html, type Html } from "../html.ts";
import type { RunSource } from "../run-source.ts";
import type { EngineStages } from "./engine-stages.ts";
import { engineStages } from "./engine-stages.ts";
import type { SeenRequest } from "./episode-requests.ts";
import { answeringOf, declaredRewrites, pathChanges, type PathChange } from "./path-changes.ts";
import { bodiesBytes, readRequestBodies, type BodiesOf } from "./request-bodies.ts";
import type { ShownRequest } from "./request-html.ts";
import { shownTurns, type ShownTurn } from "./shown-turns.ts";
import { waterfallRows, type WaterfallRow } from "./waterfall.ts";
import type { WholeEpisode } from "./whole-episode.ts";

/** An episode with everything in its place. */
export interface ShownEpisode {
  readonly whole: WholeEpisode;
  readonly address: string;
  readonly rows: readonly WaterfallRow[];
  readonly turns: readonly ShownTurn[];
  readonly bodies: BodiesOf;
  readonly changes: readonly PathChange[];
  /** Why no body was read; null where they were. */
  readonly notRead: Html | null;
  /** A request by its index; null where there is none. */
  readonly shownRequest: (index: number) => ShownRequest | null;
}

/** To read more takes seconds, and is done when somebody asks for it. */
const storedBytesMax = 6e6;
const readBytesMax = 100e6;

/** @param wanted read the bodies, however many there are */
export async function shownEpisode(
  run: RunSource,
  whole: WholeEpisode,
  wanted: boolean,
): Promise<ShownEpisode> {
  const address = episodeAddress(run.name, whole.record.episodeId);
  const { requests, toolRuns, segmentDirectory, trajectory } = whole;
  const read = await readBodiesOf({ segmentDirectory, requests, wanted, address });
  const stages = stagesOf(requests, read.bodies);
  const rows = waterfallRows(requests, toolRuns, stages);
  const changes =
    read.notRead === null
      ? pathChanges(requests, read.bodies, declaredRewrites(run.identity, whole.record.arm))
      : [];
  const changeOf = new Map(changes.map((change) => [change.request, change] as const));
  return {
    whole,
    address,
    rows,
    turns: shownTurns(trajectory?.messages ?? [], { requests, toolRuns, rows }),
    bodies: read.bodies,
    changes,
    notRead: read.notRead,
    shownRequest: (index) => {
      const request = requests[index];
      if (request === undefined) return null;
      return {
        request,
        index,
        stages: stages.get(request) ?? null,
        change: changeOf.get(request) ?? null,
        bodies: read.bodies.has(request.outer) ? `${address}?request=${index}` : null,
      };
    },
  };
}

async function readBodiesOf(of: {
  readonly segmentDirectory: string;
  readonly requests: readonly SeenRequest[];
  readonly wanted: boolean;
  readonly address: string;
}): Promise<{ readonly bodies: BodiesOf; readonly notRead: Html | null }> {
  const bodies: BodiesOf = new Map();
  const bytes = await bodiesBytes(of.segmentDirectory);
  if (bytes === null)
    return { bodies, notRead: html`<p>The bodies of its requests were not kept (output.bodies: false).</p>` };
  const ask = (size: string) =>
    html`<p>
      The bodies of its segment are ${size}, which takes some seconds.
      <a href="${of.address}?bodies=1">Read and compare those of this episode</a>
    </p>`;
  if (bytes > storedBytesMax && !of.wanted) return { bodies, notRead: ask(bytesText(bytes)) };
  try {
    const read = await readRequestBodies(
      of.segmentDirectory,
      of.requests,
      of.wanted ? Infinity : readBytesMax,
    );
    return read === null
      ? { bodies, notRead: ask(`more than ${bytesText(readBytesMax)}`) }
      : { bodies: read, notRead: null };
  } catch (error) {
    if (!(error instanceof RunUnreadableError)) throw error;
    return { bodies, notRead: html`<p>The bodies of its requests cannot be read: ${messageOf(error)}</p>` };
  }
}

function stagesOf(
  requests: readonly SeenRequest[],
  bodies: BodiesOf,
): ReadonlyMap<SeenRequest, EngineStages> {
  return new Map(
    requests.flatMap((request) => {
      const answering = request.side === "agent" ? answeringOf(request) : request.outer;
      const body = answering === undefined ? undefined : bodies.get(answering);
      const stages = body === undefined ? null : engineStages(body.responseBody);
      return stages === null ? [] : [[request, stages] as const];
    }),
  );
}
