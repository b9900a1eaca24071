import { endedAtLimit } from "../answer/complete.ts";
import { join } from "node:path";
import { hasPassed } from "../store/passed.ts";
import type { ExportFormat } from "./format.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";
import type { LeftOut } from "./left-out.ts";
import { WholeFileWriter } from "./line-writer.ts";
import { sftLine } from "./sft-line.ts";
import { toolForms } from "./sft-tools.ts";
import { sftMessages, type SftMessage } from "./sft-messages.ts";

const fileName = "sft.jsonl";

/**
 * Supervised fine-tuning in the chat form that trainers read: `{messages, tools}` per line, passed episodes only.
 * `weight` 0 marks assistant messages that no model produced (the fixed greeting): context, not a target.
 */
export const sft: ExportFormat = {
  name: "sft",
  verifiable: true,
  async open(directory, { verifier }) {
    const lines = new WholeFileWriter(join(directory, fileName));
    return {
      async write(trajectory) {
        const messages = refusal(trajectory) ?? sftMessages(trajectory);
        if ("reason" in messages) return messages;
        const written = verifier?.verifiedLines(trajectory, messages) ?? [lineOf(trajectory, messages)];
        if ("reason" in written) return written;
        for (const line of written) await lines.write(line);
        return null;
      },
      async close() {
        await lines.close();
        return [fileName];
      },
    };
  },
};

function lineOf(trajectory: InlinedTrajectory, messages: readonly SftMessage[]): string {
  const [tools = trajectory.tools] = toolForms(trajectory);
  const trained = new Set(messages.keys().filter((index) => messages[index]?.requestId != null));
  return sftLine({ messages, tools, trained });
}

function refusal({ record, recorded }: InlinedTrajectory): LeftOut | null {
  const why = (reason: string) => ({ reason });
  if (record.status !== "completed") return why(`${record.status}: only completed episodes are examples`);
  if (record.reward === null) return why("unjudged: only passed episodes are examples");
  if (hasPassed(record) !== true) return why("not passed: only passed episodes are examples");
  if (record.labels.includes("prompt-rewritten")) return why("prompt-rewritten: the model saw other bytes");
  if (recorded?.calls.some(({ finishReason }) => endedAtLimit(finishReason)) === true)
    return why("an answer was cut at its token limit: it has no end to learn");
  return null;
}
