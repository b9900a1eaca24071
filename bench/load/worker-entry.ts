import { parentPort } from "node:worker_threads";
import { messageOf } from "../errors.ts";
import { systemClock } from "../measure/clock.ts";
import { ownThreadId } from "../measure/real-time.ts";
import { Alarm } from "./alarm.ts";
import type { FromThread, ToThread } from "./load-thread.ts";
import type { LoadPlan } from "./load.ts";
import { runLoad } from "./run-load.ts";

/** Entry of the timing thread: one load after the other, until it is terminated. */
if (parentPort === null) throw new Error("This file is the entry of a worker thread.");
const port = parentPort;
const tell = (message: FromThread) => port.postMessage(message);
const progressEveryNs = 250e6;
let running = { drain: new AbortController(), cancel: new AbortController() };

port.on("message", (message: ToThread) => {
  if (message.kind === "load") void load(message.plan);
  else running[message.kind].abort();
});

const alarm = await Alarm.start();
tell({ kind: "ready", threadIds: [ownThreadId(), alarm.threadId] });

async function load(plan: LoadPlan): Promise<void> {
  running = { drain: new AbortController(), cancel: new AbortController() };
  let toldNs = systemClock.nowNs();
  const progress = (ended: number) => {
    const nowNs = systemClock.nowNs();
    if (nowNs - toldNs < progressEveryNs) return;
    toldNs = nowNs;
    tell({ kind: "progress", ended });
  };
  try {
    const result = await runLoad(plan, {
      nowNs: () => systemClock.nowNs(),
      alarm,
      drain: running.drain.signal,
      cancel: running.cancel.signal,
      progress,
    });
    tell({ kind: "done", result });
  } catch (thrown) {
    tell({ kind: "failed", message: messageOf(thrown) });
  }
}
