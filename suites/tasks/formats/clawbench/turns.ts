import type { TaskService, TaskTurn, TurnConditions } from "../../contract/task.ts";
import { variablesOf } from "./profile.ts";
import type { WrittenService, ClawBenchFile, WrittenUser } from "./task-schema.ts";

type WrittenTurn = WrittenUser["turns"][number];

const turnsMax = 20;

/** What the user says, phase by phase; each phase but the first begins with an agent that knows nothing of those before. */
export function turnsOf(task: ClawBenchFile): readonly TaskTurn[] {
  return usersOf(task).flatMap(({ turns, max_turns: most }, phase) =>
    turns.slice(0, most ?? turnsMax).map((turn, index) => ({
      message: turn.variant_messages?.["clear"] ?? turn.message,
      newSession: phase > 0 && index === 0,
      expect: null,
      validators: [],
      conditions: conditionsOf(turn),
    })),
  );
}

/** Where there are phases, the original does not look at `user`. */
function usersOf({ phases, user }: ClawBenchFile): readonly WrittenUser[] {
  if (phases && phases.length > 0) return phases.map((phase) => phase.user);
  return user ? [user] : [];
}

/** Each phase has a time of its own; a task's is that of all of them. */
export function timeoutMsOf({ phases, timeout_seconds: seconds = 180 }: ClawBenchFile): number {
  const each = phases?.length ? phases.map((phase) => phase.timeout_seconds ?? seconds) : [seconds];
  return each.reduce((sum, one) => sum + one * 1000, 0);
}

function conditionsOf(turn: WrittenTurn): TurnConditions | null {
  const conditions: TurnConditions = {
    afterAssistantTurns: turn.after_assistant_turns ?? null,
    whenToolFamily: turn.when_tool_family || null,
    whenToolName: turn.when_tool_name || null,
    whenAssistantContains: turn.when_assistant_contains || null,
    whenLastToolFailed: turn.when_last_tool_failed ?? false,
  };
  return Object.values(conditions).every((value) => value === null || value === false) ? null : conditions;
}

export function serviceOf(written: WrittenService): TaskService {
  return {
    name: written.name,
    command: written.command,
    directory: written.cwd ?? ".",
    environment: variablesOf(written.env),
    port: written.port ?? null,
    portVariable: written.port_env ?? "PORT",
    urlTemplate: written.url_template === undefined ? "http://127.0.0.1:{port}" : written.url_template,
    readyPath: written.ready_path === undefined ? "/" : written.ready_path,
    readyStatus: written.ready_status ?? 200,
    readyContains: written.ready_contains || null,
    readyFile: written.ready_file || null,
    startTimeoutMs: (written.startup_timeout_seconds ?? 20) * 1000,
  };
}
