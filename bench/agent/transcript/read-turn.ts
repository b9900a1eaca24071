import type { AgentTurn } from "../agent.ts";
import type { Answer } from "../../answer/answer.ts";
import { shown } from "../../answer/json.ts";
import { isOutOfResources } from "../../errors.ts";
import { misreadCall } from "./misread-call.ts";
import { requestMessages } from "./request-messages.ts";
import { turnMessages } from "./turn-messages.ts";
import type { TranscriptMessage } from "../../transcript/transcript.ts";
import { isOwnEnd } from "../../answer/complete.ts";
import { answerOf } from "../../workload/exchange-answer.ts";
import { isGenerationRequest, type Exchange } from "../../workload/exchange.ts";
import { generationFault, hasFaultNear, isRefusal } from "../../workload/generation-fault.ts";
import { detailOfTurn, failureOfTurn } from "../../workload/turn-failure.ts";
import type { Failure, ToolCallLog } from "../../workload/workload.ts";

/**
 * Label of an episode at whose time the engine failed a request of the arm, and nobody can say whose: the gateway passes no
 * identity on, and answered all of them as if nothing had been.
 */
export const engineFaultNear = "engine-fault-near";
/** Label of an episode in which the agent program asked again after an answer that was not whole, and got a whole one. */
export const modelRetried = "model-retried";

/** A turn of an agent, read together with what the outer tap and the tool server saw of it. */
export interface ReadTurn {
  readonly messages: readonly TranscriptMessage[];
  /**
   * Why the turn is nobody's score; null where it has a result (an answer, or an end that the agent is answerable for), and
   * where it was stopped: by whom, the workload knows.
   */
  readonly failure: Failure | null;
  /** Why it has no answer, where that is a result. */
  readonly detail: string | null;
  readonly labels: readonly string[];
  readonly turn: AgentTurn;
}

/**
 * The one place that decides what a turn is worth, whatever the agent: an agent program may retry a request whose answer
 * was not whole, make an error of its own of it, or take half an answer for a whole one. Only the tap knows.
 *
 * @param exchanges outer exchanges of the turn, in order of start
 * @param calls of the requestor `assistant` that the tool server executed in the turn
 */
export function readTurn(
  turn: AgentTurn,
  exchanges: readonly Exchange[],
  calls: readonly ToolCallLog[],
): ReadTurn {
  const generations = exchanges.filter(isGenerationRequest);
  const faulty = generations.filter((exchange) => generationFault(exchange) !== null);
  const used = faulty.find((exchange) => isUsed(exchange, { turn, generations }));
  const retried = faulty.filter((exchange) => exchange !== used && exchange !== generations.at(-1));
  const kept = exchanges.filter((exchange) => !retried.includes(exchange));
  const messages = turnMessages(kept, calls);
  return {
    messages,
    failure: failureOf({ turn, generations }, used, misreadCall(kept, messages)),
    detail: detailOf(turn, generations.at(-1)),
    labels: [
      ...(retried.length > 0 ? [modelRetried] : []),
      ...(generations.some(hasFaultNear) ? [engineFaultNear] : []),
    ],
    turn,
  };
}

/** With how the model's last answer ended, where the agent does not say it. */
function detailOf(turn: AgentTurn, last: Exchange | undefined): string | null {
  const detail = detailOfTurn(turn);
  const finish = last?.status === 200 ? answerOf(last).finish : null;
  if (turn.status !== "agent-error" || finish === null || turn.message.includes(finish)) return detail;
  return `${detail} (finish reason ${finish})`;
}

interface TurnSeen {
  readonly turn: AgentTurn;
  readonly generations: readonly Exchange[];
}

/** Whether the turn rests on an answer that is not whole: the agent went on with it, or ended with it. */
function isUsed(faulty: Exchange, { turn, generations }: TurnSeen): boolean {
  const next = generations[generations.indexOf(faulty) + 1];
  if (next !== undefined && spoken(next) > spoken(faulty)) return true;
  if (faulty !== endOf({ turn, generations })) return false;
  return !(turn.status === "agent-error" && isRefusal(faulty));
}

/**
 * The request with which the turn ended. One that was still open when somebody ended the turn says nothing, because the
 * engine had not failed; neither does one that the agent left when it had its answer.
 */
function endOf({ turn: { status }, generations }: TurnSeen): Exchange | undefined {
  return status === "timed-out" || status === "aborted" || status === "answered"
    ? generations.findLast(({ outcome }) => outcome !== "client-aborted")
    : generations.at(-1);
}

/** Messages of the model in a conversation: there is one more when the agent goes on with an answer. */
const spoken = ({ requestBody }: Exchange) =>
  requestMessages(requestBody).filter(({ role }) => role === "assistant").length;

function failureOf(
  { turn, generations }: TurnSeen,
  used: Exchange | undefined,
  misread: string | null,
): Failure | null {
  const own = failureOfTurn(turn);
  // Who has lost its process or its tools ends its requests as well.
  if (own?.class === "agent-process" || own?.class === "tool-server") return own;
  if (used !== undefined) {
    return { class: "engine", message: faultMessage(turn, used), requestId: used.requestId };
  }
  if (misread !== null) return { class: "harness", message: misread };
  if (turn.status === "aborted") return null;
  return failedRequest(turn, generations) ?? own;
}

/** With the agent's own words where they say something else. */
function faultMessage(turn: AgentTurn, used: Exchange): string {
  const fault = generationFault(used) ?? "";
  const said = "message" in turn ? turn.message : "";
  const known = said === "" || said.includes(fault.slice(fault.indexOf(" "), 60));
  return `request ${used.requestId} ${fault}${known ? "" : `; the agent says: ${said}`}`;
}

/** What became of the request that the agent says has failed, where the tap saw nothing wrong with it. */
function failedRequest(turn: AgentTurn, generations: readonly Exchange[]): Failure | null {
  if (!("requestId" in turn) || turn.requestId === undefined) return null;
  const { message: said, requestId } = turn;
  const seen = generations.findLast((exchange) => exchange.requestId === requestId);
  if (seen === undefined) {
    // It failed between the agent and the tap: no arm has had a part in that.
    const message = `request ${requestId} did not reach Tollgate's outer tap: ${said}`;
    return { class: isOutOfResources(said) ? "harness" : "tap", message };
  }
  const answer = answerOf(seen);
  if (generationFault(seen) !== null || !isUsable(answer)) return null;
  const shownAnswer = shown(answer.calls.length > 0 ? answer.calls : answer.text);
  const message = `request ${requestId} got an answer in a form that the agent program cannot read (${said}): ${shownAnswer}`;
  return { class: "engine", message, requestId };
}

/** Whether an agent can go on with an answer. Where it does not, the form is to blame, and that is the server's. */
function isUsable({ calls, finish, text }: Answer): boolean {
  if (!isOwnEnd(finish)) return false;
  return calls.length === 0 ? text !== "" : calls.every(({ argumentsText }) => isObject(argumentsText));
}

/** Arguments that are none are what the model wrote. */
function isObject(text: string): boolean {
  try {
    return /^\s*\{/.test(text) && typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}
