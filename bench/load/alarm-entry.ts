import { parentPort, workerData } from "node:worker_threads";
import { ownThreadId } from "../measure/real-time.ts";
import { orders, rung, type AlarmCells } from "./alarm-cells.ts";

/** Entry of an alarm's thread: sleeps until the time it was given, or until it is given another one, and rings. */
const { words, due } = workerData as AlarmCells;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
parentPort?.postMessage(ownThreadId());
for (;;) {
  const order = Atomics.load(words, orders);
  const leftNs = Number(Atomics.load(due, 0) - process.hrtime.bigint());
  if (leftNs > 0) {
    Atomics.wait(words, orders, order, leftNs / 1e6);
    continue;
  }
  Atomics.store(words, rung, 1);
  Atomics.notify(words, rung);
  Atomics.wait(words, orders, order);
}
