import { applyDelta, deltaOf, type BodyDelta } from "../../tap/body-delta.ts";
import type { Exchange, ExchangeTiming } from "../../workload/exchange.ts";
import { CallTree, type CallTokens, type KeptTokens } from "./call-tree.ts";
import { detachedText } from "../rendering/detached-text.ts";
import { DialectError } from "../http/dialect-error.ts";
import type { EarlierCalls } from "../rendering/conversation-prompt.ts";

/** A finished call as a log has it: the request as its difference to the session's previous one. */
export interface KeptCall extends CallFacts {
  readonly request: BodyDelta;
}

interface CallFacts {
  readonly interactionId: string;
  readonly responseBody: string;
  readonly timing: ExchangeTiming;
  /** null where the engine gave none, or at level L0. */
  readonly tokens: KeptTokens | null;
}

/** A finished call of a trajectory, in full. `tokens.parent` is an index into the list it is in. */
export interface Interaction {
  readonly interactionId: string;
  readonly requestBody: string;
  readonly responseBody: string;
  readonly timing: ExchangeTiming;
  readonly tokens: KeptTokens | null;
  readonly reward: number | null;
}

/** A call in memory: only the last one's request is held in full, the others as what they differ in from the next one. */
interface HeldCall extends CallFacts {
  readonly requestFromNext: BodyDelta | null;
}

interface Trajectory {
  readonly trajectoryId: number;
  readonly calls: readonly HeldCall[];
  readonly lastRequest: string;
  /** By interaction id. */
  readonly rewards: ReadonlyMap<string, number>;
}

/** The answer to `/rl/set_reward`. */
export interface RewardReceipt {
  readonly interactionCount: number;
  readonly trajectoryId: number;
  readonly ready: boolean;
  /** False for a repeated reward: the first one stands. */
  readonly transition: boolean;
}

export interface Reward {
  readonly reward: number;
  /** null for the last call. */
  readonly interactionId: string | null;
  /** False for the reward of one turn: the trajectory stays open. */
  readonly final: boolean;
}

/** What the end of a call adds to a session. */
export interface EndedCall {
  readonly exchange: Exchange;
  readonly interactionId: string;
  readonly tokens: CallTokens | null;
}

/**
 * One conversation with one key. The first final reward closes its trajectory; calls after that belong to the next one and
 * are counted as late.
 */
export class Session {
  readonly id: string;
  readonly groupId: string;
  readonly #trajectories: Trajectory[] = [];
  #calls: HeldCall[] = [];
  #tree = new CallTree();
  #rewards = new Map<string, number>();
  #lastRequest = "";
  #inFlight = 0;
  /** Calls that were in flight when a reward came, or came after it. */
  lateCalls = 0;
  /** Calls that ended without a complete answer; they are in no trajectory. */
  failedCalls = 0;
  /** Characters and token ids held. */
  size = 0;

  constructor(id: string, groupId: string) {
    this.id = id;
    this.groupId = groupId;
  }

  /** The calls that the next one may continue. */
  get earlier(): EarlierCalls {
    return this.#tree;
  }

  /** Ids of calls behind the last reward. */
  get openCalls(): readonly string[] {
    return this.#calls.map(({ interactionId }) => interactionId);
  }

  /** A call has been sent to the engine. Returns whether it is late. */
  callBegan(): boolean {
    this.#inFlight += 1;
    const late = this.#trajectories.length > 0;
    if (late) this.lateCalls += 1;
    return late;
  }

  callFailed(): void {
    this.#inFlight -= 1;
    this.failedCalls += 1;
  }

  /** Keeps a complete answer. */
  callEnded({ exchange, interactionId, tokens }: EndedCall): {
    readonly call: KeptCall;
    readonly grown: number;
  } {
    this.#inFlight -= 1;
    const { requestBody, responseBody, ...timing } = exchange;
    const request = deltaOf(this.#lastRequest, requestBody);
    const call = { interactionId, request, responseBody, timing, tokens: this.#tree.add(tokens) };
    return { call, grown: this.#keep(call, requestBody) };
  }

  /** Puts back a call from a log. Returns how much the session has grown. */
  restoreCall(call: KeptCall, late: boolean): number {
    if (late) this.lateCalls += 1;
    this.#tree.restore(call.tokens);
    return this.#keep(call, applyDelta(this.#lastRequest, call.request));
  }

  #keep({ request: _request, ...call }: KeptCall, requestBody: string): number {
    const { tokens, responseBody } = call;
    const before = this.#calls.pop();
    const requestFromNext =
      before === undefined ? null : detachedDelta(deltaOf(requestBody, this.#lastRequest));
    if (before !== undefined) this.#calls.push({ ...before, requestFromNext });
    this.#calls.push({ ...call, requestFromNext: null });
    const grown =
      requestBody.length -
      this.#lastRequest.length +
      (requestFromNext?.middle.length ?? 0) +
      responseBody.length +
      (tokens === null ? 0 : tokens.promptTail.length + 3 * tokens.outputIds.length);
    this.#lastRequest = requestBody;
    this.size += grown;
    return grown;
  }

  /**
   * What a reward would do, without doing it.
   * @throws {DialectError} 400 when there is no such call
   */
  requireReward({ interactionId }: Reward): void {
    if (this.#calls.length === 0) {
      if (this.#trajectories.length === 0) throw new DialectError(400, "No interactions in session");
      return;
    }
    if (interactionId !== null && !this.#calls.some((call) => call.interactionId === interactionId))
      throw new DialectError(400, `Interaction ${interactionId} not found`);
  }

  /**
   * Gives a reward to one call, the last one by default. A final one closes the trajectory.
   * @throws {DialectError} 400 when there is no such call
   */
  setReward(reward: Reward): RewardReceipt {
    this.requireReward(reward);
    const closed = this.#trajectories.at(-1);
    if (this.#calls.length === 0 && closed !== undefined) {
      const { trajectoryId, calls } = closed;
      return { interactionCount: calls.length, trajectoryId, ready: true, transition: false };
    }
    const rewarded = reward.interactionId ?? inCallOrder(this.#calls).at(-1)?.interactionId ?? "";
    this.#rewards.set(rewarded, reward.reward);
    const receipt = { interactionCount: this.#calls.length, trajectoryId: this.#trajectories.length };
    if (!reward.final) return { ...receipt, ready: false, transition: false };
    this.#trajectories.push({
      trajectoryId: receipt.trajectoryId,
      calls: this.#calls,
      lastRequest: this.#lastRequest,
      rewards: this.#rewards,
    });
    this.lateCalls += this.#inFlight;
    this.#calls = [];
    this.#tree = new CallTree();
    this.#rewards = new Map();
    this.#lastRequest = "";
    return { ...receipt, ready: true, transition: true };
  }

  /**
   * The id of a closed trajectory, the latest for null.
   * @throws {DialectError} 409 when none is closed, 404 when there is no such one
   */
  closedTrajectory(trajectoryId: number | null): number {
    if (this.#trajectories.length === 0) {
      throw new DialectError(409, `Session ${this.id} has no finished trajectory: no reward has been set`);
    }
    const id = trajectoryId ?? this.#trajectories.length - 1;
    if (this.#trajectories[id] === undefined) {
      throw new DialectError(404, `Trajectory ${id} of session ${this.id} not found`);
    }
    return id;
  }

  /** Whether a closed trajectory is the latest one: what came after it is in no other. */
  isLast(trajectoryId: number): boolean {
    return trajectoryId === this.#trajectories.length - 1;
  }

  /** The calls of a closed trajectory in the order in which they were made. */
  interactions(trajectoryId: number): readonly Interaction[] {
    const trajectory = this.#trajectories[trajectoryId];
    let requestBody = trajectory?.lastRequest ?? "";
    const full = (trajectory?.calls ?? [])
      .map((call, index) => ({ call, index }))
      .toReversed()
      .map(({ call: { requestFromNext, ...call }, index }) => {
        if (requestFromNext !== null) requestBody = applyDelta(requestBody, requestFromNext);
        const reward = trajectory?.rewards.get(call.interactionId) ?? null;
        return { ...call, index, requestBody, reward };
      });
    const ordered = inCallOrder(full);
    const places = new Map(ordered.map(({ index }, place) => [index, place]));
    return ordered.map(({ index: _index, tokens, ...call }) => ({
      ...call,
      tokens: tokens && {
        ...tokens,
        parent: tokens.parent === null ? null : (places.get(tokens.parent) ?? null),
      },
    }));
  }
}

function detachedDelta({ prefix, suffix, middle }: BodyDelta): BodyDelta {
  return { prefix, suffix, middle: detachedText(middle) };
}

function inCallOrder<Call extends { readonly timing: ExchangeTiming }>(calls: readonly Call[]): Call[] {
  return calls.toSorted((a, b) => a.timing.startedNs - b.timing.startedNs);
}
