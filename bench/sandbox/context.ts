/** What a run lends to those who hold sandboxes. */
export interface SandboxContext {
  /** The whole environment of the processes that hold sandboxes; carries PATH and TOLLGATE_RUN. Nothing of it is seen inside. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** Absolute; for files that are needed while sandboxes live. Its owner removes it. */
  readonly scratchDirectory: string;
  /** Folders and files of this machine that must not be seen inside even where they lie among its programs, e.g. below `/usr`. */
  readonly hidden: readonly string[];
  /** What leads `docker` to its daemon; absent: docker is not asked. */
  readonly docker?: Readonly<Record<string, string | undefined>>;
}
