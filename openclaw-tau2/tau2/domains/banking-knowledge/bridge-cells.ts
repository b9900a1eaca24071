import type { MessagePort } from "node:worker_threads";
import type { PythonChild } from "./python-child.ts";

/** What `PythonBridge` starts its thread with. */
export interface BridgeThreadData {
  readonly child: PythonChild;
  readonly port: MessagePort;
  /** Two numbers, see `replied` and `childPid`. */
  readonly shared: Int32Array<SharedArrayBuffer>;
}

export type BridgeReply = { readonly line: string } | { readonly lost: string };

/** Index in `shared`: 1 when a reply is in the port. */
export const replied = 0;
/** Index in `shared`: the child's process id, which is its group's as well; 0 before it was started and when it ended. */
export const childPid = 1;
