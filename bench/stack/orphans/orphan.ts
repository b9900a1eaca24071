import type { ProcessFate } from "../../supervisor/process-fingerprint.ts";

/** Something that a run, or `tollgate up`, has put on this machine: an orphan when its driver is gone. */
export interface Orphan {
  readonly kind: "container" | "process" | "scratch";
  /** Container id, pid, or path. */
  readonly id: string;
  /** For people: container name, command line, or path. */
  readonly name: string;
  /** null for a warm container. */
  readonly runId: string | null;
  /** Name of the experiment that `tollgate up` keeps it for; null for what belongs to a run. */
  readonly warm: string | null;
  readonly role: string | null;
  readonly supervisorId: string | null;
  /** Of the driver that started it. */
  readonly driver: ProcessFate;
  /** The run's supervisor lives: it removes everything itself, within seconds of the driver's end. */
  readonly supervised: boolean;
  readonly running: boolean;
}

export interface CleanScope {
  /** Only this run. */
  readonly runId: string | null;
  /** Also what `tollgate up` keeps warm. */
  readonly warm: boolean;
  /** Also what was started before a reboot, on another machine or in another container: nobody here knows whether it lives. */
  readonly elsewhere: boolean;
}

export interface CleanDecision {
  readonly remove: boolean;
  readonly why: string;
}

/** Whether `clean` may remove it. What a living run owns stays, whatever was asked for. */
export function judge(orphan: Orphan, scope: CleanScope): CleanDecision {
  if (orphan.warm !== null) {
    return scope.warm
      ? { remove: true, why: "kept warm; --warm" }
      : { remove: false, why: "kept warm by `up`; --warm, or `tollgate down`, removes it" };
  }
  if (orphan.driver === "alive") return { remove: false, why: "its run lives" };
  if (orphan.supervised) return { remove: false, why: "its supervisor is removing it right now" };
  if (orphan.driver === "dead") return { remove: true, why: "its driver is gone" };
  if (!orphan.running) return { remove: true, why: "it ended" };
  return scope.elsewhere
    ? { remove: true, why: "--elsewhere" }
    : {
        remove: false,
        why: "its driver ran elsewhere or before a reboot; `clean RUN --elsewhere` removes it when you know it is dead",
      };
}
