/** What a command may touch of the process it runs in; `main.ts` makes the real one. */
export interface Host {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** Results: one call, one line or block. Nothing else goes to standard output. */
  readonly print: (text: string) => void;
  /** Progress and warnings, on standard error. */
  readonly tell: (text: string) => void;
  /** Raw text on standard error, for progress that redraws. */
  readonly write: (text: string) => void;
  /** Tells the process that started this one detached; does nothing otherwise. */
  readonly announce: (message: { readonly directory: string }) => void;
  /** True when a person watches standard error: progress redraws instead of one line a minute. */
  readonly interactive: boolean;
  /** Of the terminal of standard error, as it is now; it may be resized. */
  readonly columns: number;
  readonly output: OutputTerminal;
  /** Asks the person at the terminal, and resolves to the answer; absent where nobody sits there. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  readonly setExitCode: (code: number) => void;
}

/** Where standard output goes. */
export interface OutputTerminal {
  /** Of its terminal, as it is now; null where it is none (a file, a pipe). */
  readonly columns: number | null;
  readonly colour: boolean;
}

/** For what lasts longer than a run. */
export function cacheDirectory({ environment, workingDirectory }: Host): string {
  const base =
    environment["XDG_CACHE_HOME"] ??
    (environment["HOME"] ? `${environment["HOME"]}/.cache` : workingDirectory);
  return `${base}/tollgate`;
}
