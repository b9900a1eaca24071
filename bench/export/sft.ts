import { join } from "node:path";
import type { ExportFormat, LeftOut } from "./format.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";
import { WholeFileWriter } from "./line-writer.ts";
import { sftLine } from "./sft-line.ts";
import { sftMessages, type SftMessage } from "./sft-messages.ts";

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
        const messages = refusal(trajectory) ?? sftMessages(trajectory);
        if ("reason" in messages) return messages;
        const { tools } = trajectory;
        await lines.write(sftLine({ messages, tools, trained: writtenByModel(messages) }));
        return null;
      },
      async close() {
        await lines.close();
        return [fileName];
      },
    };
  },
};

function writtenByModel(messages: readonly SftMessage[]): ReadonlySet<number> {
  return new Set(messages.keys().filter((index) => messages[index]?.requestId != null));
}

function refusal({ record, recorded }: InlinedTrajectory): LeftOut | null {
  const why = (reason: string) => ({ reason });
  if (record.status !== "completed") return why(`${record.status}: only completed episodes are examples`);
  if (record.reward === null) return why("unjudged: only passed episodes are examples");
  if (record.reward < 1 - 1e-6) return why("not passed: only passed episodes are examples");
  if (record.labels.includes("prompt-rewritten")) return why("prompt-rewritten: the model saw other bytes");
  if (recorded?.calls.some(({ finishReason }) => finishReason === "length") === true)
    return why("an answer was cut at its token limit: it has no end to learn");
  return null;
}
