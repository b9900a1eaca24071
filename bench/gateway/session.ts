import { applyDelta, deltaOf, type BodyDelta } from "../tap/body-delta.ts";
import type { Exchange, ExchangeTiming } from "../workload/exchange.ts";
import { DialectError } from "./dialect-error.ts";

/** A finished call as it is kept: the request as its difference to the session's previous one. */
interface KeptCall {
  readonly interactionId: string;
  readonly request: BodyDelta;
  readonly responseBody: string;
  readonly timing: ExchangeTiming;
}

/** A finished call of a trajectory, in full. */
export interface Interaction {
  readonly interactionId: string;
  readonly requestBody: string;
  readonly responseBody: string;
  readonly timing: ExchangeTiming;
  readonly reward: number | null;
}

interface Trajectory {
  readonly trajectoryId: number;
  readonly calls: readonly KeptCall[];
  /** By interaction id. */
  readonly rewards: ReadonlyMap<string, number>;
}

/** The answer to `/rl/set_reward`. */
export interface RewardReceipt {
  readonly interactionCount: number;
  readonly trajectoryId: number;
  /** False for a repeated reward: the first one stands. */
  readonly transition: boolean;
}

/**
 * One conversation with one key. The first reward closes its trajectory; calls after that belong to the next one and are
 * counted as late.
 */
export class Session {
  readonly id: string;
  readonly groupId: string;
  readonly #trajectories: Trajectory[] = [];
  #calls: KeptCall[] = [];
  #lastRequest = "";
  #inFlight = 0;
  /** Calls that were in flight when a reward came, or came after it. */
  lateCalls = 0;
  /** Calls that ended without a complete answer; they are in no trajectory. */
  failedCalls = 0;
  /** Characters held. */
  size = 0;

  constructor(id: string, groupId: string) {
    this.id = id;
    this.groupId = groupId;
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

  /** Keeps a complete answer. Returns how much the session has grown. */
  callEnded(exchange: Exchange, interactionId: string): number {
    this.#inFlight -= 1;
    const { requestBody, responseBody, ...timing } = exchange;
    const request = deltaOf(this.#lastRequest, requestBody);
    this.#calls.push({ interactionId, request, responseBody, timing });
    // The base is held in full besides the differences.
    const grown = request.middle.length + responseBody.length + requestBody.length - this.#lastRequest.length;
    this.#lastRequest = requestBody;
    this.size += grown;
    return grown;
  }

  /**
   * Gives a reward to one call, the last one by default, and closes the trajectory.
   * @throws {DialectError} 400 when there is no such call
   */
  setReward(reward: number, interactionId: string | null): RewardReceipt {
    const closed = this.#trajectories.at(-1);
    if (this.#calls.length === 0) {
      if (closed === undefined) throw new DialectError(400, "No interactions in session");
      return { interactionCount: closed.calls.length, trajectoryId: closed.trajectoryId, transition: false };
    }
    const rewarded = interactionId ?? inCallOrder(this.#calls).at(-1)?.interactionId ?? "";
    if (!this.#calls.some((call) => call.interactionId === rewarded)) {
      throw new DialectError(400, `Interaction ${rewarded} not found`);
    }
    const trajectory = {
      trajectoryId: this.#trajectories.length,
      calls: this.#calls,
      rewards: new Map([[rewarded, reward]]),
    };
    this.#trajectories.push(trajectory);
    this.lateCalls += this.#inFlight;
    this.#calls = [];
    this.#lastRequest = "";
    return {
      interactionCount: trajectory.calls.length,
      trajectoryId: trajectory.trajectoryId,
      transition: true,
    };
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

  /** The calls of a closed trajectory in the order in which they were made. */
  interactions(trajectoryId: number): readonly Interaction[] {
    const trajectory = this.#trajectories[trajectoryId];
    let base = "";
    const full = (trajectory?.calls ?? []).map(({ request, ...call }) => {
      base = applyDelta(base, request);
      return { ...call, requestBody: base, reward: trajectory?.rewards.get(call.interactionId) ?? null };
    });
    return inCallOrder(full);
  }
}

function inCallOrder<Call extends { readonly timing: ExchangeTiming }>(calls: readonly Call[]): Call[] {
  return calls.toSorted((a, b) => a.timing.startedNs - b.timing.startedNs);
}
