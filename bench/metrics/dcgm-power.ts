import type { Clock } from "../measure/clock.ts";
import { scrape } from "./snapshot.ts";

const powerMetric = "DCGM_FI_DEV_POWER_USAGE";
const timeoutMs = 5_000;

/** What the GPUs of a DCGM exporter's page draw now, in watts. Throws ScrapeError. */
export async function readDcgmPower(
  url: string,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<readonly { readonly index: string; readonly uuid: string; readonly watts: number }[]> {
  const { exposition } = await scrape(url, { ...options, timeoutMs });
  return exposition.samples.flatMap(({ name, labels, value }) =>
    name === powerMetric && Number.isFinite(value)
      ? [{ index: labels.get("gpu") ?? "", uuid: labels.get("UUID") ?? "", watts: value }]
      : [],
  );
}
