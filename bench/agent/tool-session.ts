import { StartError } from "../errors.ts";
import { connectToolClient } from "../tools/client.ts";
import type { SessionReply } from "../tools/protocol.ts";
import { ToolConnectionError } from "../tools/tool-server-error.ts";
import type { AgentTools } from "./agent.ts";

/**
 * What the tool server knows of a session, for agents that live in this process. Every worker knows every session; one that
 * is just being replaced is passed over. @throws ToolServerError when the tool server does not know the session.
 */
export async function findToolSession(
  { fleetToken, sockets }: Pick<AgentTools, "fleetToken" | "sockets">,
  attemptKey: string,
  timeoutMs: number,
): Promise<SessionReply> {
  let lost: unknown = new StartError("agent", "The tool server has no socket.");
  for (const socket of sockets) {
    try {
      using client = await connectToolClient({ socket, timeoutMs });
      return await client.session(fleetToken, attemptKey);
    } catch (error) {
      if (!(error instanceof ToolConnectionError)) throw error;
      lost = error;
    }
  }
  throw lost;
}
