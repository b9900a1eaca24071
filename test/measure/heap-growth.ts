import { setFlagsFromString } from "node:v8";
import { setImmediate as nextTurn } from "node:timers/promises";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that stay on the heap of this process when something is done so many times, beyond what doing it at all leaves behind. */
export async function heapGrowthBytes(doIt: (times: number) => void, times: number): Promise<number> {
  doIt(times / 10);
  const before = await heapBytes();
  doIt(times);
  return (await heapBytes()) - before;
}

/** What a collection frees may be freed of what it held only in the next one. */
async function heapBytes(): Promise<number> {
  for (let at = 0; at < 3; at += 1) {
    collectGarbage();
    await nextTurn();
  }
  return process.memoryUsage().heapUsed;
}
