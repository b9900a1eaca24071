import type { GatewaySession, SessionDialect, SessionExport } from "./dialect.ts";
import { readInteractions } from "./interactions.ts";
import { readReceipt } from "./reward-receipt.ts";
import type { SessionHttp } from "./session-http.ts";
import { startWithPermit } from "./started-session.ts";

/** AReaL v1.0.3 and v1.0.4: a capacity permit for every session, and 404 or 409 where there is nothing to export. */
export function dialectV1(http: SessionHttp): SessionDialect {
  return {
    name: "v1",
    start: (taskId) => startWithPermit(http, taskId),
    setReward: (session, reward) => readReceipt(http, { session, reward }),
    exportSession: async (session, expected) => {
      if (expected.closed) return exportSession(http, session);
      // A session without a reward cannot be exported, and only an export removes it.
      if ((await readReceipt(http, { session, reward: 0 })) !== null) await exportSession(http, session);
      return null;
    },
  };
}

async function exportSession(http: SessionHttp, session: GatewaySession): Promise<SessionExport> {
  const body = { session_id: session.sessionId, style: "individual", discount: 1, remove_session: true };
  return readInteractions(http, await http.call("/export_trajectories", { body }));
}
