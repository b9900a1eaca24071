import { expect, test } from "vitest";
import { ReplayProgress } from "../../../bench/run/replay/replay-progress.ts";
import type { ReplayPlan } from "../../../bench/store/replay-plan.ts";

const arm = (label: string) => ({ label, arm: label, kind: "raw", part: "baseline" }) as const;
const setting = (key: string) => ({ key, cache: "flush", load: "closed:1" }) as const;
const [one, four] = [setting("flush-closed-1"), setting("flush-closed-4")];
const plan: Pick<ReplayPlan, "settings" | "arms" | "blocks" | "until"> = {
  settings: [one, four],
  arms: [arm("raw"), arm("gateway")],
  blocks: 4,
  until: null,
};

/** A replay whose turns take seconds of a clock that the test moves. */
function replay(interactive: boolean, changes: Partial<typeof plan> = {}) {
  let seconds = 0;
  let written = "";
  const progress = new ReplayProgress({
    plan: { ...plan, ...changes },
    clock: { nowNs: () => seconds * 1e9, wallIso: () => "" },
    screen: { interactive, columns: 100, write: (text) => (written += text) },
  });
  return {
    progress,
    turn: (of: typeof one, block: number, { label = "raw", takes = 1, failedRequests = 0 } = {}) => {
      const turn = { setting: of, block, arm: arm(label) };
      progress.turnStarted(turn);
      seconds += takes;
      progress.turnEnded(turn, { text: `${label} done`, failedRequests });
    },
    start: (of: typeof one, block: number) => {
      written = "";
      progress.turnStarted({ setting: of, block, arm: arm("gateway") });
      return written.replace("\r\u001b[K", "");
    },
    said: () => written,
  };
}

test("setting, block, arm, time and what is left stand in one line", () => {
  const { start, turn } = replay(true);
  // Two arms there and back in four blocks of two settings are 32 turns.
  expect(start(one, 0)).toBe("flush-closed-1 1/2 | block 1/4 | gateway | 0:00");
  turn(one, 0, { takes: 2 });
  expect(start(one, 0)).toBe("flush-closed-1 1/2 | block 1/4 | gateway | 0:02, about 1:02 left");
});

test("a setting that is slower than the one before it is reckoned by its own turns", () => {
  const { start, turn } = replay(true);
  for (let block = 0; block < 4; block += 1)
    for (let at = 0; at < 4; at += 1) turn(one, block, { takes: 10 });
  turn(four, 0, { takes: 2 });
  expect(start(four, 1)).toBe("flush-closed-4 2/2 | block 2/4 | gateway | 2:42, about 0:30 left");
});

test("requests that failed are told, and with --until what is left is the most", () => {
  const { start, turn } = replay(true, { until: "±1ms" });
  turn(one, 0, { failedRequests: 3 });
  expect(start(one, 0)).toBe(
    "flush-closed-1 1/2 | block 1/4 | gateway | 3 requests failed | 0:01, at most 0:31 left",
  );
});

test("what happens before the first turn is named, and a warm-up", () => {
  const { progress, said } = replay(true);
  progress.phase("preflight 3/12: metrics");
  expect(said()).toContain("preflight 3/12: metrics | 0:00");
  progress.settingStarted(one);
  expect(said()).toContain("warming up for flush-closed-1 | 0:00");
});

test("where nobody watches every turn is a line of its own, with what is left", () => {
  const { progress, turn, said } = replay(false);
  turn(one, 0);
  turn(one, 0, { label: "gateway" });
  progress[Symbol.dispose]();
  expect(said()).toBe("raw done (about 0:31 left)\ngateway done (about 0:30 left)\n");
});
