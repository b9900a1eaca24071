import type { Clock } from "../../measure/clock.ts";
import { blockOrder } from "../../statistics/block-order.ts";
import type { ReplayArm, ReplayPlan, ReplaySetting } from "../../store/replay-plan.ts";
import { StatusLine, type Screen, type StatusPart } from "../status-line.ts";
import { clockText } from "../sweep-progress.ts";

/** How far a replay is: one arm's turn in a block. */
export interface ReplayTurn {
  readonly setting: ReplaySetting;
  /** From 0. */
  readonly block: number;
  readonly arm: ReplayArm;
}

/** What came of a turn. */
export interface TurnResult {
  /** A line of it, for logs. */
  readonly text: string;
  readonly failedRequests: number;
}

/** Who is told how a replay goes. */
export interface ReplayWatcher {
  /** Before its warm-up. */
  settingStarted?(setting: ReplaySetting): void;
  turnStarted?(turn: ReplayTurn): void;
  turnEnded?(turn: ReplayTurn, result: TurnResult): void;
}

export interface ReplayProgressOptions {
  readonly screen: Screen;
  readonly clock: Clock;
  readonly plan: Pick<ReplayPlan, "settings" | "arms" | "blocks" | "until">;
}

/** What a person sees while a replay runs: setting, block, arm, failures, time left. */
export class ReplayProgress implements ReplayWatcher, Disposable {
  readonly #options: ReplayProgressOptions;
  readonly #line: StatusLine;
  readonly #startedNs: number;
  readonly #turnsOf = new Map<string, { done: number; ns: number }>();
  #phase: string | null = null;
  #turn: ReplayTurn | null = null;
  #turnSinceNs = 0;
  #failed = 0;

  constructor(options: ReplayProgressOptions) {
    this.#options = options;
    this.#startedNs = options.clock.nowNs();
    this.#line = new StatusLine(options.screen, () => this.#parts());
  }

  /** What happens while nothing is measured, e.g. `preflight 3/12: metrics`. */
  phase(text: string): void {
    if (this.#phase === text) return;
    this.#phase = text;
    if (this.#options.screen.interactive) this.#line.draw();
  }

  tell(text: string): void {
    this.#line.tell(text);
  }

  settingStarted({ key }: ReplaySetting): void {
    this.phase(`warming up for ${key}`);
  }

  turnStarted(turn: ReplayTurn): void {
    this.#phase = null;
    this.#turn = turn;
    this.#turnSinceNs = this.#options.clock.nowNs();
    if (this.#options.screen.interactive) this.#line.draw();
  }

  turnEnded({ setting }: ReplayTurn, { text, failedRequests }: TurnResult): void {
    const { clock, screen } = this.#options;
    const before = this.#turnsOf.get(setting.key) ?? { done: 0, ns: 0 };
    const ns = before.ns + clock.nowNs() - this.#turnSinceNs;
    this.#turnsOf.set(setting.key, { done: before.done + 1, ns });
    this.#failed += failedRequests;
    if (screen.interactive) return;
    const left = this.#leftText();
    this.#line.tell(left === "" ? text : `${text} (${left})`);
  }

  [Symbol.dispose](): void {
    this.#line[Symbol.dispose]();
  }

  #parts(): readonly StatusPart[] {
    const { clock, plan } = this.#options;
    const turn = this.#phase === null ? this.#turn : null;
    const elapsed = clockText((clock.nowNs() - this.#startedNs) / 1e9);
    const left = this.#leftText();
    const place = plan.settings.findIndex(({ key }) => key === turn?.setting.key) + 1;
    const setting = turn === null ? "" : `${turn.setting.key} ${place}/${plan.settings.length}`;
    return [
      { text: this.#phase ?? "", rank: 1 },
      { text: setting, rank: 3 },
      { text: turn === null ? "" : `block ${turn.block + 1}/${plan.blocks}`, rank: 1 },
      { text: turn?.arm.label ?? "", rank: 4 },
      { text: this.#failed === 0 ? "" : `${this.#failed} requests failed`, rank: 2 },
      { text: `${elapsed}${left === "" ? "" : `, ${left}`}`, rank: 0 },
    ];
  }

  /** By what turns of the same setting took, else of those before it. With `--until` fewer blocks may be enough. */
  #leftText(): string {
    const { settings, arms, blocks, until } = this.#options.plan;
    const all = [...this.#turnsOf.values()];
    const done = all.reduce((sum, one) => sum + one.done, 0);
    if (done === 0) return "";
    const meanNs = all.reduce((sum, { ns }) => sum + ns, 0) / done;
    const now = settings.findIndex(({ key }) => key === this.#turn?.setting.key);
    const turns = blocks * blockOrder(arms, 0).length;
    const leftNs = settings.slice(Math.max(0, now)).reduce((sum, { key }) => {
      const known = this.#turnsOf.get(key) ?? { done: 0, ns: 0 };
      const each = known.done === 0 ? meanNs : known.ns / known.done;
      return sum + each * (turns - known.done);
    }, 0);
    const when = clockText(leftNs / 1e9);
    return until === null ? `about ${when} left` : `at most ${when} left`;
  }
}
