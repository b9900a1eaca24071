import type { SandboxFactory } from "../../../bench/sandbox/sandbox.ts";

/** What one program may use, its tests included. */
export interface ProgramLimits {
  /** Of processor time, of one process: a machine with much else to do does not make an answer wrong. */
  readonly cpuSeconds: number;
  /** By the clock, without what it waits for a processor: for a program that sleeps. */
  readonly wallSeconds: number;
  readonly memoryBytes: number;
  readonly processes: number;
  readonly fileBytes: number;
  readonly diskBytes: number;
  /** Of what it prints, stdout and stderr together. */
  readonly outputBytes: number;
}

export const defaultProgramLimits: ProgramLimits = {
  cpuSeconds: 5,
  wallSeconds: 20,
  memoryBytes: 1024 ** 3,
  processes: 64,
  fileBytes: 16 * 1024 ** 2,
  diskBytes: 64 * 1024 ** 2,
  outputBytes: 1024 ** 2,
};

/** Where programs of a run are judged. */
export interface JudgeContext {
  readonly sandboxes: SandboxFactory;
  /** Absolute; each program has a fresh folder below it. */
  readonly workspaces: string;
  /** Unique within the run, [a-z0-9-]. */
  readonly name: string;
  readonly limits: ProgramLimits;
  readonly signal: AbortSignal;
}
