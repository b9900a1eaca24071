import { request } from "undici";
import { z } from "zod";
import { boundedText, descriptionBytesMax } from "../../../host/bounded-body.ts";
import { parsedJson } from "../../../host/parsed-json.ts";
import type { UnclosedSessions } from "../../stack.ts";
import { storedTensors } from "../session/rtensor.ts";
import type { SessionHttp } from "../session/session-http.ts";

const healthSchema = z.object({ sessions: z.number() });

/** What data proxies still hold. AReaL never forgets a session or a tensor by itself, so between cells it must be nothing. */
export async function arealUnclosedSessions(
  http: SessionHttp,
  dataProxyUrls: readonly string[],
): Promise<UnclosedSessions> {
  const counts = await Promise.all(
    dataProxyUrls.map(async (given) => {
      const url = given.replace(/\/+$/, "");
      const health = await request(`${url}/health`, { signal: AbortSignal.timeout(10_000) });
      const { sessions } = healthSchema.parse(
        parsedJson(await boundedText(health.body, descriptionBytesMax)),
      );
      return { sessions, tensors: await storedTensors(http, url) };
    }),
  );
  return {
    sessions: counts.reduce((sum, { sessions }) => sum + sessions, 0),
    tensors: counts.every(({ tensors }) => tensors === null)
      ? null
      : counts.reduce((sum, { tensors }) => sum + (tensors ?? 0), 0),
  };
}
