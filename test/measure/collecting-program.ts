import { PerformanceObserver, constants } from "node:perf_hooks";
import { makeRealTime, ownThreadId } from "../../bench/measure/real-time.ts";

/**
 * Makes itself real-time, does a little in each millisecond and keeps it for a while, so that the old generation is collected
 * now and then. Prints the longest time, by the processor's own count, in which it took nearly a whole processor.
 */
const lastsMs = 6000;
const windowMs = 50;
const { policy } = await makeRealTime(ownThreadId(), process.env);

let collections = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries() as readonly { readonly detail?: unknown }[])
    if ((detail as { readonly kind: number }).kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections += 1;
}).observe({ entryTypes: ["gc"] });

const kept: { readonly pair: readonly number[]; readonly text: string }[] = [];
const endMs = performance.now() + lastsMs;
let window = { sinceMs: performance.now(), used: process.cpuUsage() };
let [busyMs, longestMs] = [0, 0];

function work(): void {
  for (let at = 0; at < 200; at += 1) kept.push({ pair: [at, at], text: `text ${at}` });
  if (kept.length > 300_000) kept.length = 0;
  const nowMs = performance.now();
  const passedMs = nowMs - window.sinceMs;
  if (passedMs >= windowMs) {
    const { user, system } = process.cpuUsage(window.used);
    const usedMs = (user + system) / 1e3;
    busyMs = usedMs > 0.9 * passedMs ? busyMs + usedMs : 0;
    longestMs = Math.max(longestMs, busyMs);
    window = { sinceMs: nowMs, used: process.cpuUsage() };
  }
  if (nowMs < endMs) setTimeout(work, 1);
  else process.stdout.write(`${JSON.stringify({ policy, collections, busyMs: longestMs })}\n`);
}
work();
