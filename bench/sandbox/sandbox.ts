/**
 * The contract of a sandbox: where commands run that nobody here has written (an agent's, a model's, a task's). They see a
 * workspace, the programs of this machine read-only, and nothing else of it: no home, no keys, no other run's files.
 * Workloads ask for one, agents are told how to enter it, and nobody but this folder knows what holds it.
 */
export const sandboxKinds = ["docker", "bwrap", "unshare", "none"] as const;
export type SandboxKind = (typeof sandboxKinds)[number];

/** What commands inside may use together, at most. */
export interface SandboxLimits {
  readonly processes: number;
  readonly memoryBytes: number;
  /** Of one file that is written. */
  readonly fileBytes: number;
  /** Of everything that is written, in the workspace and in the sandbox's own `/tmp`. */
  readonly diskBytes: number;
}

/** A program to start, with all that it is given. */
export interface Invocation {
  readonly file: string;
  readonly arguments: readonly string[];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface SandboxRequest {
  /** Unique within a run, [a-z0-9-]. */
  readonly name: string;
  /** Absolute path of a folder of this machine; with the sandbox's own `/tmp` all that can be written. */
  readonly workspace: string;
  /** Other files and folders that can be read inside, e.g. a task's own; `to` is where they are seen. */
  readonly readOnly: readonly { readonly from: string; readonly to: string }[];
  /** That of this machine; without it there is a loopback of the sandbox's own and nothing else. */
  readonly network: boolean;
  readonly limits: SandboxLimits;
  /** What commands inside are given beside PATH, HOME and the like. */
  readonly environment: Readonly<Record<string, string>>;
}

/** One kind of sandbox that works on this machine. */
export interface SandboxFactory {
  readonly kind: SandboxKind;
  /** For the run's evidence: versions of what holds it, and by what each limit is kept; a limit that nothing keeps is named. */
  readonly facts: Readonly<Record<string, string>>;
  /** Throws StartError. */
  open(request: SandboxRequest): Promise<Sandbox>;
}

/** Disposing of it ends every process inside, whatever it does, and leaves the workspace. */
export interface Sandbox extends AsyncDisposable {
  readonly kind: SandboxKind;
  /** The workspace as commands inside see it: `/workspace`; with `none` the folder itself. */
  readonly directory: string;
  /**
   * A program that runs a command inside and ends with its exit code. Files written by one command are seen by the next;
   * loopback and processes are shared. When the program is killed, its command ends too.
   */
  enter(command: readonly string[], options?: EnterOptions): Invocation;
  /** Runs a command to its end. Never throws for what the command does. */
  run(command: readonly string[], options: CommandOptions): Promise<CommandOutcome>;
  /** Resolves when the sandbox had to be ended before its owner did so: a limit that is not one command's, or its holder died. */
  readonly ended: Promise<SandboxEnd>;
  /**
   * Limits that the kernel has refused to let it pass or has ended a process for, as far as it counts that here: what ran in it
   * may have gone on.
   */
  limitsReached(): readonly ReachedLimit[];
}

export type ReachedLimit = "memory" | "processes";

export interface EnterOptions {
  /** Path inside, the workspace by default. */
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface CommandOptions extends EnterOptions {
  readonly timeoutMs: number;
  /** Of stdout and stderr each; what is beyond is thrown away, and the command goes on. */
  readonly outputBytesMax: number;
  readonly input?: Uint8Array;
  readonly signal?: AbortSignal;
}

export interface CommandOutcome {
  /** null: it was ended by a signal. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** Bytes of both that were thrown away. */
  readonly droppedBytes: number;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

export interface SandboxEnd {
  /** The one that what ran in it has passed; null: it is not its doing. */
  readonly limit: ReachedLimit | "disk" | null;
  readonly message: string;
}
