import { messageOf } from "../../errors.ts";
import type { ClosedSession, RunningArm } from "../../stack/stack.ts";
import type { Finding } from "../../store/preflight-record.ts";
import { failed, nameOf, notChecked, ok, warning, type Check, type PreflightContext } from "../check.ts";

const question = { messages: [{ role: "user", content: "Say hello." }], maxTokens: 16 };
const records =
  "Look at the gateway's log; a gateway that loses calls here loses training data in every episode.";

export const sessionCheck: Check = {
  name: "session",
  proves: "a session starts, records its call, takes a reward and exports exactly that call",
  async run(context) {
    const findings: Finding[] = [];
    for (const arm of context.stack.arms) findings.push(...(await wholeSession(arm, context)));
    return {
      findings: findings.length > 0 ? findings : [notChecked("arms", "no arm has sessions")],
    };
  },
};

/** An engine that does not give ids leaves a recording of text behind, and every export that trains would be empty. */
function withoutTokens({ spec }: RunningArm, { recorded }: ClosedSession) {
  const wanted = (spec.kind === "gateway" ? spec.level : undefined) ?? "L0";
  if (wanted === "L0" || recorded === null || recorded.level !== "L0") return null;
  return {
    what: `a call was recorded without token ids, at level ${wanted}`,
    advice: "Look at the gateway's metric call_notes_total and at the engine's answer in the run's logs.",
  };
}

function tokensOf({ recorded }: ClosedSession): string {
  if (recorded === null || recorded.level === "L0") return "";
  const form = recorded.toolForm === undefined ? "" : `, tools written as ${recorded.toolForm}`;
  return ` with token ids (${recorded.level}${form})`;
}

/** Nothing for an arm without sessions. */
async function wholeSession(arm: RunningArm, context: PreflightContext): Promise<readonly Finding[]> {
  const on = nameOf(arm);
  const reason = context.unusable.get(arm);
  if (reason !== undefined) return [notChecked(on, reason)];
  const key = `preflight-${context.prober.unique()}`;
  try {
    const session = await arm.openSession(key);
    if (session.startMs === null) {
      await session.close(null);
      return [];
    }
    const reply = await context.prober.askSession(arm, { session, key }, question);
    const closed = await session.close(1);
    if (reply.chat === null) return [failed(on, `a call in a session gave ${reply.problem}`, records)];
    if (closed.interactions === null) {
      return [
        failed(
          on,
          "the session took a call and a reward, and its export is empty",
          "The gateway recorded nothing, or exports under another name: check its version and that calls carry the session's key.",
        ),
      ];
    }
    if (closed.interactions !== 1)
      return [failed(on, `one call was made and ${closed.interactions} were exported`, records)];
    const lacking = withoutTokens(arm, closed);
    if (lacking !== null) return [failed(on, lacking.what, lacking.advice)];
    if (closed.rewardMs === null)
      return [warning(on, "one call was exported, but the reward was not taken", records)];
    const times = [session.startMs, closed.rewardMs, closed.exportMs ?? Number.NaN].map((ms) =>
      ms.toFixed(0),
    );
    return [
      ok(
        on,
        `1 call recorded${tokensOf(closed)} and exported; start, reward, export took ${times.join(", ")} ms`,
      ),
    ];
  } catch (error) {
    return [
      failed(
        on,
        messageOf(error),
        "Check the gateway's admin key and that it speaks the dialect that the arm expects.",
      ),
    ];
  }
}
