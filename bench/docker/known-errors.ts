import { StartError } from "../errors.ts";
import type { ContainerFacts } from "./container-state.ts";
import { DockerError } from "./docker-command.ts";

interface KnownError {
  readonly pattern: RegExp;
  /** What it is and what to change, as one line. */
  readonly advice: string;
}

/** What the daemon says when it refuses to create or start a container. */
const daemonErrors: readonly KnownError[] = [
  {
    pattern:
      /could not select device driver|unknown or invalid runtime name: nvidia|Unknown runtime specified/i,
    advice:
      "this Docker has no GPU runtime. Install nvidia-container-toolkit, run `nvidia-ctk runtime configure --runtime=docker`, restart Docker",
  },
  {
    pattern: /nvidia-container-cli: .*(unknown device|device id|invalid device)/i,
    advice: "a GPU of that id does not exist. Compare the ids with `nvidia-smi -L`",
  },
  {
    pattern:
      /nvidia-container-cli: requirement error|unsatisfied condition: cuda|driver.*(too old|insufficient)/i,
    advice:
      "the image needs a newer NVIDIA driver than this node has. Compare `nvidia-smi` with the image's CUDA version: another image tag, or a newer driver",
  },
  {
    pattern: /nvidia-container-cli|libnvidia-ml/i,
    advice: "NVIDIA's container runtime failed. Check `nvidia-smi` on the node first",
  },
  {
    pattern: /No such image/i,
    advice: "the image is not on this node. Set pull: missing, or `docker pull` it",
  },
  {
    pattern: /bind source path does not exist|invalid mount config/i,
    advice: "a folder to be mounted does not exist on the daemon's machine. Check the model and cache paths",
  },
  {
    pattern: /cpuset|Requested CPUs are not available|Requested memory nodes are not available/i,
    advice: "the CPUs or NUMA nodes asked for do not exist. Compare cpusetCpus and cpusetMems with `lscpu`",
  },
  {
    pattern: /executable file not found|no such file or directory: unknown/i,
    advice: "the image lacks the program that is started. Check that it is the right one",
  },
  {
    pattern: /error setting rlimit/i,
    advice:
      "this daemon may not raise a limit (it is rootless, or runs in a container itself). Lower ulimits",
  },
  { pattern: /no space left on device/i, advice: "the disk of Docker is full. See `docker system df`" },
];

/** What servers write to their logs before they end. The first that matches wins, so the more specific come first. */
const logErrors: readonly KnownError[] = [
  {
    pattern: /EADDRINUSE|address already in use|Errno 98/i,
    advice:
      "a port is taken: another server runs on this machine. Change its port (in Docker: basePort), or end that one (`ss -ltnp` shows whose it is)",
  },
  {
    pattern:
      /CUDA out of memory|torch\.(cuda\.)?OutOfMemoryError|Not enough memory\. Please try to increase --mem-fraction-static/i,
    advice:
      "GPU memory is too small for weights and KV cache. Use more GPUs per server, a smaller context or fewer running requests, and check with `nvidia-smi` that nobody else uses them",
  },
  {
    pattern:
      /CUDA driver version is insufficient|forward compatibility was attempted|no kernel image is available|CUDA error: unknown error|driver.*(is )?too old/i,
    advice:
      "CUDA in the image and the NVIDIA driver do not match. Compare `nvidia-smi` with the image's CUDA version: another image tag, or a newer driver",
  },
  {
    pattern: /No CUDA GPUs are available|CUDA-capable device|invalid device ordinal|Found no NVIDIA driver/i,
    advice: "the server sees no or too few GPUs. Check the GPU ids and tensor parallelism of this role",
  },
  {
    pattern:
      /Repository Not Found|Repo id must be in the form|is not a local folder and is not a valid model identifier|Cannot access gated repo|LocalEntryNotFoundError|OfflineModeIsEnabled|does not appear to have a file named/i,
    advice:
      "the model is not there. Check the path or id, in Docker mount the cache that holds it, or set HF_TOKEN for a gated model",
  },
  {
    pattern: /ModuleNotFoundError: No module named|Error: Cannot find module/,
    advice:
      "a package that the program imports is not installed for this interpreter. Name the one that has it",
  },
  {
    pattern: /unrecognized arguments|error: argument |invalid choice/i,
    advice: "the server does not know a flag. Compare its arguments with its version",
  },
  {
    pattern: /No space left on device|Disk quota exceeded/i,
    advice: "a disk is full: that of the model cache, or Docker's own",
  },
];

/** How a container ended, in words for messages: `code 137, out of memory`. */
export function exitText({ exitCode, outOfMemory, error }: ContainerFacts): string {
  const code = exitCode === null ? "no exit code" : `code ${exitCode}`;
  const killed = exitCode === 137 && !outOfMemory ? ", killed" : "";
  return `${code}${outOfMemory ? ", out of memory" : killed}${error === "" ? "" : `, ${error}`}`;
}

/** What to change after a container ended by itself; null when its end is of no known kind. */
export function adviceFor(facts: Pick<ContainerFacts, "outOfMemory">, log: string): string | null {
  if (facts.outOfMemory)
    return "the kernel ended it because its memory limit, or the node's memory, was used up. Raise memory, or leave it out";
  return adviceForLog(log);
}

/** What to change after a server ended, by what it wrote; null when nothing in it is known. */
export function adviceForLog(log: string): string | null {
  return logErrors.find(({ pattern }) => pattern.test(log))?.advice ?? null;
}

/** Turns the daemon's refusal to create or start a container into one line with what to change. */
export function explainRefusal(name: string, thrown: unknown): unknown {
  if (!(thrown instanceof DockerError) || !thrown.refused) return thrown;
  const advice = daemonErrors.find(({ pattern }) => pattern.test(thrown.reason))?.advice;
  return new StartError(
    name,
    `${name} was not started: ${advice === undefined ? "" : `${advice}. Docker said: `}${thrown.reason}`,
    { cause: thrown },
  );
}
