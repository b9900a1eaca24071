// Loaded into OpenClaw before its own code: notes the script of every thread that its main thread starts, a line each.
import { appendFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";

const { Worker, isMainThread } = threads;
const { NOTED_THREADS } = process.env;

if (isMainThread && NOTED_THREADS !== undefined) {
  threads.Worker = class extends Worker {
    constructor(script, options) {
      super(script, options);
      appendFileSync(NOTED_THREADS, `${options?.eval === true ? "no file" : script}\n`);
    }
  };
  syncBuiltinESMExports();
}
