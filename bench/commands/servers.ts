import { randomBytes, randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { parseGatewayArguments } from "../gateway/arguments.ts";
import { runGateway } from "../gateway/run-gateway.ts";
import { parseSimulatorArguments, simulatorUsage } from "../simulator/arguments.ts";
import { runSimulator } from "../simulator/simulate.ts";
import { isTrainerRole, parseTrainerArguments, trainerUsage } from "../simulator/trainer/arguments.ts";
import { runTrainer } from "../simulator/trainer/simulate-trainer.ts";
import type { Host } from "./host.ts";
import { reasoningParsers, toolCallParsers } from "../config/recording-choices.ts";

/** Servers print one ready line of JSON on standard output and stop on SIGTERM or SIGINT. */
export function register(program: Command, host: Host): void {
  passThrough(program, "simulate")
    .description(
      "a simulated SGLang engine, labelled as one: scripted agent or user, timing model, /metrics, faults; or a simulated trainer",
    )
    .addHelpText("after", `\n${simulatorUsage}\n\n${trainerUsage}`)
    .action(async (_flags: unknown, command: Command) => {
      const io = {
        out: host.print,
        err: host.tell,
        clockNs: () => Number(process.hrtime.bigint()),
        pid: process.pid,
        signal: stopSignal(),
        die: () => process.kill(process.pid, "SIGKILL"),
      };
      if (isTrainerRole(command.args)) {
        const options = parseTrainerArguments(command.args);
        return runTrainer(options, { ...io, nowMs: () => Date.now(), uuid: randomUUID });
      }
      const cpuSeconds = () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6;
      return runSimulator(parseSimulatorArguments(withOwnData(command.args)), { ...io, cpuSeconds });
    });

  passThrough(program, "gateway")
    .description(
      "the recording gateway: AReaL's v2 dialect in front of an OpenAI-compatible engine; text, or exact token ids",
    )
    .addHelpText("after", gatewayUsage)
    .action(async (_flags: unknown, command: Command) => {
      await runGateway(parseGatewayArguments(command.args, host.environment), {
        out: host.print,
        err: host.tell,
        pid: process.pid,
        signal: stopSignal(),
        randomBytes,
        randomUuid: randomUUID,
      });
    });
}

const gatewayUsage = `
usage: gateway --engine URL --port N --admin-key-env NAME [--host ADDRESS] [--engine-key-env NAME]
               [--level L0|L1|L2] [--tokenizer DIR] [--tool-call-parser ${toolCallParsers.join("|")}]
               [--reasoning-parser ${reasoningParsers.join("|")}] [--rendering-check strict|warn] [--log FILE]
  --engine     base URL of the engine, with or without /v1
  --port       port to listen on; 0: a free one, which the ready line on standard output names
  --host       address to listen on (default: 127.0.0.1)
  --admin-key-env     environment variable that holds the gateway's own key
  --engine-key-env    environment variable that holds the engine's key
  --tool-call-parser, --reasoning-parser   L2: how the model writes tool calls and reasoning (default: qwen25, none)
  --level L0   (default) text, usage and timings; bytes pass as they are, streaming is true
  --level L1   ids and logprobs from the engine's chat API, if it gives any (else exit code 3); where its streams have
               none, streaming is simulated and TTFT is not comparable
  --level L2   ids and logprobs from /generate, prompts rendered here from --tokenizer; streaming is true
  --tokenizer  folder with tokenizer.json and tokenizer_config.json or chat_template.jinja
  --rendering-check   at L2 the gateway learns from the engine's own tokens how it writes tools, and does not start (exit
               code 3) when the engine makes other tokens than it does, or does not tell; warn starts all the same
  --log FILE   keeps every finished call; started with the same FILE again, the gateway goes on where it ended`;

/** Our own domain lies beside the code: `--domain library` alone serves it. */
function withOwnData(words: readonly string[]): readonly string[] {
  const own = words.some(
    (word, at) => word === "--domain=library" || (word === "library" && words[at - 1] === "--domain"),
  );
  const given = words.some((word) => word === "--data" || word.startsWith("--data="));
  return own && !given
    ? [...words, "--data", fileURLToPath(new URL("../../openclaw-tau2/data", import.meta.url))]
    : words;
}

/** The server's own parser reads the flags, so that its program and this command cannot differ. */
function passThrough(program: Command, name: string): Command {
  return program.command(name).allowUnknownOption().allowExcessArguments().usage("[flags]");
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
