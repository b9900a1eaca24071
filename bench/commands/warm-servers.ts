import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import type { Experiment } from "../config/experiment.ts";
import type { DockerStackSpec } from "../config/docker-schema.ts";
import { variantNames } from "../config/variants.ts";
import { ConfigError, StartError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { DockerNode } from "../stack/docker/docker-node.ts";
import { startWarm, stopWarm } from "../stack/docker/warm-servers.ts";
import { collect, readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";

interface WarmFlags {
  readonly set: readonly string[];
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("up <file>")
    .description("start an experiment's model servers in Docker and keep them for the sweeps to come")
    .option("--set <path=value>", "change one setting; may be repeated", collect, [])
    .option("--json", "print JSON")
    .action(async (file: string, flags: WarmFlags) => {
      const { experiment } = readExperiment(file, flags.set, host);
      await up(experiment, { flags, host });
    });

  program
    .command("down <file>")
    .description("remove the model servers that `up` keeps for an experiment")
    .option("--set <path=value>", "change one setting; may be repeated", collect, [])
    .option("--json", "print JSON")
    .action(async (file: string, flags: WarmFlags) => {
      const { experiment } = readExperiment(file, flags.set, host);
      dockerStack(experiment);
      const node = await DockerNode.connect({
        environment: host.environment,
        tell: host.tell,
        signal: AbortSignal.timeout(120_000),
      });
      const removed = await stopWarm(node, experiment.name);
      if (flags.json) host.print(JSON.stringify({ removed: removed.map(({ name }) => name) }, null, 2));
      else if (removed.length === 0) host.print(`nothing is kept for ${experiment.name}`);
      else for (const { name, status } of removed) host.print(`removed ${name} (${status})`);
    });
}

interface UpRequest {
  readonly flags: WarmFlags;
  readonly host: Host;
}

async function up(experiment: Experiment, { flags, host }: UpRequest): Promise<void> {
  const { name } = experiment;
  const stack = dockerStack(experiment);
  const variants = variantNames(experiment);
  const roles = variants.length === 0 ? (["agent", "user"] as const) : (["user"] as const);
  if (variants.length > 0)
    host.tell(
      `the agent's engine is another one in each variant (${variants.join(", ")}): a sweep starts it, and the user's engine is kept`,
    );
  const stop = stopSignal();
  const logDirectory = await mkdtemp(join(tmpdir(), "tollgate-up-"));
  try {
    const node = await DockerNode.connect({
      environment: host.environment,
      tell: host.tell,
      signal: stop.signal,
    });
    const servers = await startWarm(node, { experiment: name, stack, roles, logDirectory });
    if (flags.json) {
      const shown = servers.map(({ engine, container, adopted }) => ({
        role: engine.role,
        url: engine.url,
        model: engine.model,
        container,
        adopted,
        image: engine.processIdentity.container?.imageId ?? null,
      }));
      host.print(JSON.stringify(shown, null, 2));
    } else {
      for (const { engine, container, adopted } of servers) {
        host.print(
          `${engine.role} engine: ${engine.model} at ${engine.url}, container ${container}${adopted ? " (ran already)" : ""}`,
        );
      }
    }
  } catch (error) {
    if (stop.signal.aborted) host.setExitCode(exitCodes.sigint);
    else throw error;
  } finally {
    stop.release();
    await rm(logDirectory, { recursive: true, force: true });
  }
}

/** @throws {ConfigError} for the kinds of stack whose servers are not kept in containers. */
function dockerStack({ name, stack }: Experiment): DockerStackSpec {
  if (stack.kind === "docker") return stack;
  throw new ConfigError(
    `${name} has stack.kind ${stack.kind}; up and down are for docker, whose servers Tollgate starts and could keep.`,
  );
}

/** Ctrl-C while weights load: what was started is removed. */
function stopSignal() {
  const stop = new AbortController();
  const handlers = (["SIGINT", "SIGTERM"] as const).map((signal) => {
    const handler = () => stop.abort(new StartError("up", `stopped by ${signal}`));
    process.once(signal, handler);
    return () => process.off(signal, handler);
  });
  return { signal: stop.signal, release: () => handlers.forEach((release) => release()) };
}
