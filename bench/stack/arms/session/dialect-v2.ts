import { z } from "zod";
import type { ExpectedExport, GatewaySession, SessionDialect, SessionExport } from "./dialect.ts";
import { readRows } from "./read-rows.ts";
import { readReceipt } from "./reward-receipt.ts";
import { fetchTensors } from "./rtensor.ts";
import { SessionError } from "./session-error.ts";
import type { SessionHttp } from "./session-http.ts";

export const startedGroupSchema = z.object({
  group_id: z.string(),
  sessions: z.array(z.object({ session_id: z.string(), session_api_key: z.string() })).min(1),
});
const exportSchema = z.object({ traj: z.record(z.string(), z.unknown()) });
const interactionsSchema = z.array(z.unknown());

/** AReaL v2.0.0 and main, and Tollgate's own gateway, which answers 409 where AReaL answers 200 with nothing. */
export function dialectV2(http: SessionHttp): SessionDialect {
  return {
    name: "v2",
    start: async (taskId) => {
      const body = { task_id: taskId, group_size: 1 };
      const answer = await http.call("/rl/start_session", { body });
      return firstOfGroup(http.read("/rl/start_session", answer, startedGroupSchema));
    },
    setReward: (session, reward) => readReceipt(http, { session, reward }),
    exportSession: (session, expected) => exportSession(http, session, expected),
  };
}

/** @param started a group of one */
export function firstOfGroup(started: z.infer<typeof startedGroupSchema>): GatewaySession {
  const [first] = started.sessions;
  return {
    sessionId: first?.session_id ?? "",
    groupId: started.group_id,
    apiKey: first?.session_api_key ?? "",
  };
}

async function exportSession(
  http: SessionHttp,
  session: GatewaySession,
  expected: ExpectedExport,
): Promise<SessionExport | null> {
  const body = {
    session_ids: [session.sessionId],
    // Without it the router keeps the group for ever.
    group_id: session.groupId,
    style: "individual",
    discount: 1,
    remove_session: true,
  };
  const answer = await http.call("/export_trajectories", { body, expected: expected.closed ? [] : [409] });
  if (answer.status === 409) {
    await http.call("/rl/discard_session", { body: { session_id: session.sessionId }, expected: [404] });
    return null;
  }
  const { traj } = http.read("/export_trajectories", answer, exportSchema);
  if (Object.keys(traj).length === 0) {
    if (!expected.closed) return null;
    throw new SessionError("/export_trajectories", answer.status, {
      url: http.url,
      detail:
        "nothing was exported, although a reward was accepted: the session is lost. Was it exported by somebody else, or " +
        "was the data proxy started with --set-reward-finish-timeout above 0?",
    });
  }
  if ("interactions" in traj) {
    const interactions = interactionsSchema.safeParse(traj["interactions"]).data?.length ?? 0;
    return { interactions, rows: null, raw: answer.text };
  }
  const rows = readRows(await fetchTensors(http, traj), { url: http.url, interactionId: null });
  return { interactions: rows.length, rows, raw: answer.text };
}
