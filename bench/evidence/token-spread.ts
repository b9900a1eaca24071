import { requestSpans, type RequestMoments } from "../load/latency.ts";
import { percentile } from "../statistics/distribution.ts";

/** Fewer tokens than this may well arrive in one piece. */
export const tellingTokens = 8;
/** Share of a request's time over which its tokens arrive: below the first all came at once, above the second one by one. */
export const atOnceShare = 0.05;
export const spreadShare = 0.2;

/** Median share of a request's time over which its tokens arrive; null where no request tells. */
export function tokenSpread(requests: readonly RequestMoments[]): number | null {
  const shares = requests.flatMap((moments) => {
    const [between, whole] = [requestSpans.betweenTokens(moments), requestSpans.e2e(moments)];
    return between === null || whole === null || whole <= 0 ? [] : [between / whole];
  });
  return percentile(shares, 0.5);
}
