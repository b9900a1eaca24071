import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../../bench/host/free-port.ts";
import type { Sandbox } from "../../../bench/sandbox/sandbox.ts";
import { renderShellTemplate, renderTemplate, type TemplateValues } from "../contract/template.ts";
import type { TaskService, WorkspaceTask } from "../contract/task.ts";
import { textOf } from "./run-script.ts";

/** What became of a background service, for the evidence. */
export interface ServiceReport {
  readonly name: string;
  /** From its start until it was ready; null: it never was. */
  readonly readyMs: number | null;
  /** Why it was not ready; null where it was. */
  readonly fault: string | null;
  /** The end of what it has written. */
  readonly log: string;
}

/** First port of a service whose sandbox has a network of its own: the same in every attempt, and so are the prompts. */
const firstPort = 18_080;
const pollMs = 100;
const logCharactersMax = 16_384;

/** Values of a task's templates: where it is, what it is, and where its services are. AgentBench has no templates. */
export async function templateValues(
  task: WorkspaceTask,
  sandbox: Pick<Sandbox, "kind" | "directory">,
  model: string,
): Promise<TemplateValues> {
  if (task.profile.format === "agentbench") return {};
  const ownNetwork = sandbox.kind !== "none" && !task.network;
  const services = await Promise.all(
    task.services.map(async ({ name, port, urlTemplate }, index) => {
      const chosen = port ?? (ownNetwork ? firstPort + index : await freePort());
      const url = urlTemplate === null ? null : renderTemplate(urlTemplate, { port: String(chosen) });
      return [[`${name}_port`, String(chosen)], ...(url === null ? [] : [[`${name}_url`, url]])];
    }),
  );
  return {
    workspace: sandbox.directory,
    workspace_name: sandbox.directory.slice(sandbox.directory.lastIndexOf("/") + 1),
    task_id: task.id,
    model,
    prompt_variant: "clear",
    python_exe: "python3",
    ...Object.fromEntries(services.flat()),
  };
}

/**
 * A task's background services. They run in the agent's own sandbox, where alone their ports can be reached, and end with it.
 */
export class BackgroundServices {
  readonly #running: {
    readonly service: TaskService;
    readonly child: ChildProcess;
    log: string;
    report: Omit<ServiceReport, "log">;
  }[] = [];

  reports(): readonly ServiceReport[] {
    return this.#running.map(({ report, log }) => ({ ...report, log }));
  }

  /** Starts one after the other, each when the one before is ready, as the original does. Returns why one was not; null: all are. */
  async start(
    { services }: Pick<WorkspaceTask, "services">,
    place: {
      readonly sandbox: Sandbox;
      readonly hostDirectory: string;
      readonly values: TemplateValues;
      readonly signal: AbortSignal;
    },
  ): Promise<string | null> {
    for (const service of services) {
      const fault = await this.#startOne(service, place);
      if (fault !== null) return `background service ${service.name} ${fault}`;
    }
    return null;
  }

  /** Ends them; what they had started ends with the sandbox. */
  stop(): void {
    for (const { child } of this.#running) child.kill("SIGKILL");
  }

  async #startOne(
    service: TaskService,
    place: Parameters<BackgroundServices["start"]>[1],
  ): Promise<string | null> {
    const { sandbox, values } = place;
    const port = values[`${service.name}_port`] ?? "";
    const directory = inside(sandbox, renderTemplate(service.directory, values));
    const command = renderShellTemplate(service.command, values);
    const {
      file,
      arguments: args,
      environment,
    } = sandbox.enter(["bash", "-c", command], {
      directory,
      environment: {
        PYTHONUNBUFFERED: "1",
        ...Object.fromEntries(
          Object.entries(service.environment).map(([name, value]) => [name, renderTemplate(value, values)]),
        ),
        ...(service.portVariable !== "" && { [service.portVariable]: port }),
      },
    });
    const child = spawn(file, args, { env: { ...environment }, stdio: ["ignore", "pipe", "pipe"] });
    const entry = {
      service,
      child,
      log: "",
      report: { name: service.name, readyMs: null, fault: null } as Omit<ServiceReport, "log">,
    };
    this.#running.push(entry);
    const hear = (chunk: Buffer) => {
      entry.log = (entry.log + chunk.toString("utf8")).slice(-logCharactersMax);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const ended = Promise.race([
      once(child, "exit").then(([code, signal]) => `ended by itself (${String(code ?? signal)})`),
      once(child, "error").then(([error]) => `could not be started: ${(error as Error).message}`),
    ]);
    const startedMs = performance.now();
    const fault = await Promise.race([ended, becomesReady(service, { ...place, port })]);
    const log = entry.log.trim().split("\n").slice(-3).join(" / ").slice(-500);
    entry.report =
      fault === null
        ? { name: service.name, readyMs: performance.now() - startedMs, fault: null }
        : { name: service.name, readyMs: null, fault };
    return fault === null || log === "" ? fault : `${fault}: ${log}`;
  }
}

/** A path of the task, as the sandbox sees it. */
const inside = ({ directory }: Pick<Sandbox, "directory">, path: string) =>
  path.startsWith("/") ? path : path === "." ? directory : `${directory}/${path}`;

/** Asks until it is ready, its time is up or the attempt is over. null: it is ready. */
async function becomesReady(
  service: TaskService,
  place: Parameters<BackgroundServices["start"]>[1] & { readonly port: string },
): Promise<string | null> {
  const untilMs = performance.now() + service.startTimeoutMs;
  while (performance.now() < untilMs) {
    if (place.signal.aborted) return "was not waited for: the attempt is over";
    if (await isReady(service, place)) return null;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return `was not ready within ${service.startTimeoutMs / 1000} s`;
}

async function isReady(
  { readyFile, readyPath, readyStatus, readyContains, urlTemplate }: TaskService,
  { sandbox, hostDirectory, values, port, signal }: Parameters<typeof becomesReady>[1],
): Promise<boolean> {
  if (readyFile !== null) {
    const stats = await lstat(join(hostDirectory, renderTemplate(readyFile, values))).catch(() => null);
    if (stats !== null) return true;
  }
  if (readyPath === null || urlTemplate === null) return readyFile === null;
  const path = `/${readyPath.replace(/^\/+/, "")}`;
  const answer = await ask(sandbox, { port, path, signal });
  const status = /^HTTP\/[\d.]+ (\d{3})/.exec(answer)?.[1];
  return status === String(readyStatus) && (readyContains === null || answer.includes(readyContains));
}

/** One GET from inside, where the port is, by the shell itself: `curl` is not everywhere. */
async function ask(
  sandbox: Sandbox,
  { port, path, signal }: { readonly port: string; readonly path: string; readonly signal: AbortSignal },
): Promise<string> {
  const script =
    'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\\r\\nHost: 127.0.0.1:%s\\r\\nConnection: close\\r\\n\\r\\n" "$2" "$1" >&3 && cat <&3';
  const { stdout } = await sandbox.run(["bash", "-c", script, "ask", port, path], {
    timeoutMs: 2_000,
    outputBytesMax: 256 * 1024,
    signal,
  });
  return textOf(stdout);
}
