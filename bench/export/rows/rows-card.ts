import { countsText, datasetCard } from "../dataset-card.ts";
import type { RowsManifest } from "./rows-manifest.ts";

/** The dataset card of the tables of requests and episodes. Pure. */
export function rowsCard({ run, counts, exclusions, files }: Omit<RowsManifest, "v" | "format">): string {
  return datasetCard({
    format: "requests",
    run,
    what: "What an inference service did for an agent, a row per model call and a row per episode, with the stamps of the proxies around it. `requests.schema.json` and `episodes.schema.json` say what each column means, and its unit.",
    subsets: [
      { name: "requests", file: "requests.parquet", rows: counts.requests },
      { name: "episodes", file: "episodes.parquet", rows: counts.episodes },
    ],
    counts: {
      "requests, by where they were seen": countsText(counts.requestsByHop),
      "requests, by arm": countsText(counts.requestsByArm),
      "episodes, by status": countsText(counts.episodesByStatus),
    },
    exclusions,
    files,
    cautions: [
      "What is absent is null (an empty field in the CSV files), and never 0.",
      "Failed requests and episodes are rows, too: filter by `answered` and `status` before you average. Rates and latencies of the run's own report are over rows with `measured` = true.",
      "`*_ns` are of one host's monotonic clock: compare them within the run only.",
    ],
  });
}
