import { z } from "zod";
import type { GatewaySession } from "./dialect.ts";
import type { SessionHttp } from "./session-http.ts";

export const startedSessionSchema = z.object({ session_id: z.string(), api_key: z.string() });

/** A session as the dialects before v2 name it. */
export function startedSession(started: z.infer<typeof startedSessionSchema>): GatewaySession {
  return { sessionId: started.session_id, groupId: null, apiKey: started.api_key };
}

/** A permit first: without one AReaL's gateway refuses, and its data proxy has the session all the same. */
export async function startWithPermit(http: SessionHttp, taskId: string): Promise<GatewaySession> {
  await http.call("/grant_capacity", { body: {} });
  const answer = await http.call("/rl/start_session", { body: { task_id: taskId } });
  return startedSession(http.read("/rl/start_session", answer, startedSessionSchema));
}
