import { join } from "node:path";
import type { Trajectory } from "../store/record.ts";
import type { ExportFormat } from "./format.ts";
import { lineWithTools, type InlinedTrajectory } from "./inlined-trajectory.ts";
import { WholeFileWriter } from "./line-writer.ts";

const fileName = "sft.jsonl";

/**
 * Supervised fine-tuning in the chat form that trainers read: `{messages, tools}` per line, passed episodes only.
 * `weight` 0 marks assistant messages that no model produced (the fixed greeting): context, not a target.
 */
export const sft: ExportFormat = {
  name: "sft",
  async open(directory) {
    const lines = new WholeFileWriter(join(directory, fileName));
    return {
      async write(trajectory) {
        const refused = refusal(trajectory);
        if (refused === null) await lines.write(lineOf(trajectory));
        return refused;
      },
      async close() {
        await lines.close();
        return [fileName];
      },
    };
  },
};

function refusal({ record }: InlinedTrajectory): string | null {
  if (record.reward === null) return "unjudged: only passed episodes are examples";
  if (record.reward < 1 - 1e-6) return "not passed: only passed episodes are examples";
  if (record.labels.includes("prompt-rewritten")) return "prompt-rewritten: the model saw other bytes";
  return null;
}

function lineOf({ trajectory, system, tools }: InlinedTrajectory): string {
  const messages = [{ role: "system", content: system }, ...trajectory.messages.flatMap(chatMessage)];
  return lineWithTools({ messages }, tools);
}

/** What the agent's model saw: the simulated user's own tool calls are left out. */
function chatMessage(message: Trajectory["messages"][number]): object[] {
  if (message.role === "tool") {
    const { toolCallId, content, requestor } = message;
    return requestor === "user" ? [] : [{ role: "tool", tool_call_id: toolCallId, content }];
  }
  const { role, content, toolCalls, requestId } = message;
  if (role === "user") return toolCalls === null ? [{ role, content }] : [];
  return [
    {
      role,
      content,
      ...(toolCalls === null
        ? {}
        : {
            tool_calls: toolCalls.map(({ id, name, arguments: text }) => ({
              id,
              type: "function",
              function: { name, arguments: text },
            })),
          }),
      weight: requestId === null ? 0 : 1,
    },
  ];
}
