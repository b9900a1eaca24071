/** What was found of one thing that Tollgate uses. */
export interface DoctorFinding {
  readonly name: string;
  /** `absent`: not there, which harms only those who want it. `failed`: nothing can be measured here as it is. */
  readonly status: "ok" | "absent" | "warning" | "failed";
  /** What is there, with its numbers. */
  readonly what: string;
  /** What to do; null where nothing has to be done. */
  readonly change: string | null;
}

export interface DoctorContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** Where runs make their scratch folders. */
  readonly temporaryDirectory: string;
  readonly wait: (ms: number) => Promise<unknown>;
}

export type DoctorCheck = (context: DoctorContext) => Promise<readonly DoctorFinding[]>;

export function found(name: string, what: string): DoctorFinding {
  return { name, status: "ok", what, change: null };
}

export function problem(
  name: string,
  status: Exclude<DoctorFinding["status"], "ok">,
  said: { readonly what: string; readonly change: string },
): DoctorFinding {
  return { name, status, ...said };
}

export function gibibytes(bytes: number): string {
  const amount = bytes / 2 ** 30;
  return `${amount >= 10 ? amount.toFixed(0) : amount.toFixed(1)} GiB`;
}
