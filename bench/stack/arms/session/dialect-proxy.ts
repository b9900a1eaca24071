import type { SessionDialect } from "./dialect.ts";
import { readInteractions } from "./interactions.ts";
import { readReceipt } from "./reward-receipt.ts";
import type { SessionHttp } from "./session-http.ts";
import { startWithPermit } from "./started-session.ts";

/** AReaL's older proxy stack (`openai/proxy`): a session has to be ended before its export, which waits for that for ever. */
export function dialectProxy(http: SessionHttp): SessionDialect {
  return {
    name: "proxy",
    start: (taskId) => startWithPermit(http, taskId),
    setReward: (session, reward) => readReceipt(http, { session, reward }),
    exportSession: async (session, expected) => {
      await http.call("/rl/end_session", { key: session.apiKey, body: {} });
      // The export removes the session, also when nobody wants what is in it.
      const body = { session_id: session.sessionId, style: "individual", discount: 1 };
      const exported = await readInteractions(http, await http.call("/export_trajectories", { body }));
      return expected.closed ? exported : null;
    },
  };
}
