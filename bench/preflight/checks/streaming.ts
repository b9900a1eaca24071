import type { RunningArm } from "../../stack/stack.ts";
import type { ArmFacts, Finding } from "../../store/preflight-record.ts";
import { failed, nameOf, notChecked, ok, warning, type Check, type PreflightContext } from "../check.ts";
import type { Question, Reply } from "../prober.ts";

const question: Question = {
  messages: [{ role: "user", content: "Count from 1 to 40, in words, separated by commas." }],
  maxTokens: 96,
  stream: true,
};
/** Tokens that are all there sooner leave no time in which a gateway could have passed anything on. */
const wholeMsMin = 20;
const notComparable = "TTFT not comparable: its first token is the whole answer";

/** Whether the first token left the arm before the engine had made its last: then it was really streamed. */
export const streamingCheck: Check = {
  name: "streaming",
  proves: "the arm passes tokens on while the engine makes them",
  async run(context) {
    const findings: Finding[] = [];
    const arms: Record<string, Partial<ArmFacts>> = {};
    for (const arm of context.stack.arms) {
      const { finding, streaming } = await streamThrough(arm, context);
      findings.push(finding);
      arms[arm.spec.name] = { streaming };
    }
    return { findings, arms };
  },
};

interface Judged {
  readonly finding: Finding;
  readonly streaming: ArmFacts["streaming"];
}

/** An arm that got no processor while the engine answered looks as if it streamed nothing. */
const questionsMax = 3;

/** One answer that streams shows that the arm does; that it does not is believed of several. */
async function streamThrough(arm: RunningArm, context: PreflightContext): Promise<Judged> {
  const reason = context.unusable.get(arm);
  if (reason !== undefined) return { finding: notChecked(nameOf(arm), reason), streaming: null };
  let judged = await oneAnswer(arm, context);
  for (let asked = 1; asked < questionsMax && judged.streaming === "simulated"; asked += 1)
    judged = await oneAnswer(arm, context);
  return judged;
}

async function oneAnswer(arm: RunningArm, context: PreflightContext): Promise<Judged> {
  const on = nameOf(arm);
  const unknown = (why: string) => ({ finding: notChecked(on, why), streaming: null });
  const reply = await context.prober.askArm(arm, question);
  if (reply.chat === null) {
    const what = `a streamed request gave ${reply.problem}`;
    return {
      finding: failed(on, what, "The gateway must answer stream: true with server-sent events."),
      streaming: null,
    };
  }
  const outer = spanOf(reply.outer);
  if (outer === null) return unknown("the outer tap saw no token");
  const inner = wholeSpan(reply.inner);
  const whole = inner ?? wholeSpan(reply.outer) ?? outer;
  if (whole.ms < wholeMsMin)
    return unknown(`the answer took ${whole.ms.toFixed(0)} ms, too little time to tell`);
  const engine = spanOf(reply.inner);
  if (engine !== null && engine.ms < wholeMsMin)
    return unknown(`the engine made its tokens within ${engine.ms.toFixed(1)} ms, too little time to tell`);
  // Without a tap before the engine, tokens that come in one piece after the rest of the time were held back.
  const real = inner === null ? outer.ms >= whole.ms / 4 : outer.firstNs < inner.lastNs;
  if (real)
    return { finding: ok(on, `tokens over ${outer.ms.toFixed(0)} ms at the outer tap`), streaming: "real" };
  return {
    finding: warning(
      on,
      `simulated streaming, in each of ${questionsMax} answers: the last one took ${whole.ms.toFixed(0)} ms, and all of it left the arm within ${outer.ms.toFixed(1)} ms at the end. ${notComparable}`,
      "Compare whole requests only, or have the gateway stream.",
    ),
    streaming: "simulated",
  };
}

interface Span {
  readonly firstNs: number;
  readonly lastNs: number;
  readonly ms: number;
}

/** First to last token over the exchanges of one hop; null where no exchange carried one. */
function spanOf(seen: Reply["outer"]): Span | null {
  const [firstNs, lastNs] = [
    Math.min(...seen.flatMap(({ firstTokenNs }) => firstTokenNs ?? [])),
    Math.max(...seen.flatMap(({ lastTokenNs }) => lastTokenNs ?? [])),
  ];
  return Number.isFinite(firstNs) && Number.isFinite(lastNs)
    ? { firstNs, lastNs, ms: (lastNs - firstNs) / 1e6 }
    : null;
}

/** From the request to the last token: a gateway that asks the engine for whole answers shows no first token there. */
function wholeSpan(seen: Reply["inner"]): Span | null {
  const tokens = spanOf(seen);
  if (tokens === null) return null;
  const firstNs = Math.min(...seen.map(({ startedNs }) => startedNs));
  return { firstNs, lastNs: tokens.lastNs, ms: (tokens.lastNs - firstNs) / 1e6 };
}
