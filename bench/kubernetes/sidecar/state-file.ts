import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const states = ["waiting", "running", "logging", "finished", "failed"] as const;

const schema = z.object({
  schemaVersion: z.literal(1),
  state: z.enum(states),
  pod: z.string(),
  /** sha256 of the experiment that it is about; null before there is one. */
  experiment: z.string().nullable(),
  /** Name of the run directory below `runs/`; null before there is one. */
  run: z.string().nullable(),
  /** Of the evaluation; null while it has none. */
  exitCode: z.number().int().nullable(),
  mlflow: z.enum(["none", "pending", "logged", "failed"]),
  message: z.string().nullable(),
  updatedAt: z.string(),
});

export type SidecarState = z.infer<typeof schema>;

const fileName = "sidecar.json";

/** What the container before this one has left; null: nothing that can be read, as after a disk that was full. */
export async function readState(directory: string): Promise<SidecarState | null> {
  try {
    return schema.safeParse(JSON.parse(await readFile(join(directory, fileName), "utf8"))).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** `sidecar.json` in the results: whole at any time, because it is renamed into its place. */
export class StateFile {
  readonly #directory: string;
  readonly #nowIso: () => string;
  #state: Omit<SidecarState, "schemaVersion" | "updatedAt">;

  constructor(directory: string, { pod, nowIso }: { readonly pod: string; readonly nowIso: () => string }) {
    this.#directory = directory;
    this.#nowIso = nowIso;
    this.#state = {
      state: "waiting",
      pod,
      experiment: null,
      run: null,
      exitCode: null,
      mlflow: "none",
      message: null,
    };
  }

  async write(change: Partial<Omit<SidecarState, "schemaVersion" | "updatedAt" | "pod">>): Promise<void> {
    this.#state = { ...this.#state, ...change };
    const text = JSON.stringify({ schemaVersion: 1, ...this.#state, updatedAt: this.#nowIso() }, null, 2);
    const path = join(this.#directory, fileName);
    await writeFile(`${path}.tmp`, `${text}\n`);
    await rename(`${path}.tmp`, path);
  }
}

/** What is to be done with the results that are there. */
export type Beginning = "new" | "go-on" | "log" | "stay";

/**
 * An unfinished run of the same experiment is gone on with, whichever pod began it. What is finished is not done again in the same pod,
 * whose container was only started anew; a new pod is asked for by somebody who wants another run.
 */
export function beginningOf(
  before: SidecarState | null,
  now: { readonly pod: string; readonly experiment: string },
): Beginning {
  if (before === null || before.experiment !== now.experiment) return "new";
  if (before.run === null) return "new";
  // One without an exit code was interrupted, even where the gateway was late when it was to be gone on with.
  if (before.exitCode === null) return "go-on";
  if (before.state === "logging") return "log";
  return before.pod === now.pod ? "stay" : "new";
}
