import { spawn } from "node:child_process";

/** Longest time of one operation on a file: a pipe or a full disk must not hold a session until its turn ends. */
const timeoutMs = 60_000;
/** Of what one operation may give back, e.g. the largest file that a tool reads. */
const outputBytesMax = 32 * 1024 * 1024;

/**
 * `$1`: the folder, `$2`: the command, then variables. As on a machine without sandbox, bash where there is one; it would take
 * the socket that is its standard input for a login from afar and read the start file of its home folder.
 */
const inShell = [
  'cd -- "$1" || exit 1',
  "command=$2",
  "shift 2",
  'if [ -x /bin/bash ]; then exec env "$@" /bin/bash --norc -c "$command"; fi',
  'exec env "$@" /bin/sh -c "$command"',
].join("\n");

/**
 * How OpenClaw starts a command of the agent inside.
 *
 * @param {{enter: {file: string, arguments: string[], environment: object}}} workspace
 * @param {{command: string, workdir: string, env: Record<string, string>, commandId: string}} call
 */
export function commandInside({ enter }, { command, workdir, env, commandId }) {
  const { file, arguments: words, environment } = enter;
  const variables = [...asked(env), [idVariable, commandId]].map(([name, value]) => `${name}=${value}`);
  return {
    argv: [file, ...words, "/bin/sh", "-c", inShell, "sh", workdir, command, ...variables],
    env: environment,
  };
}

/** By it all processes of one command are found, whatever became of the one that started them. */
const idVariable = "OPENCLAW_EXEC_ID";

/** Twice, for those that were started meanwhile. */
const killMarked = [
  "for round in 1 2; do",
  '  for process in $(grep -lzxF -- "$1" /proc/[0-9]*/environ 2>/dev/null); do',
  "    pid=${process#/proc/}",
  '    kill -9 "${pid%/environ}" 2>/dev/null',
  "  done",
  "done",
  "true",
].join("\n");

/** Ends what is left of a command that was ended: the program that had entered is gone, and its children need not be. */
export async function endCommand(workspace, commandId) {
  await runInside(workspace, {
    script: killMarked,
    args: [`${idVariable}=${commandId}`],
    allowFailure: true,
  });
}

/** Stands where the sandbox has a value of its own; OpenClaw would otherwise fill in the gateway's. */
const ofSandbox = "/of-the-sandbox";
export const sandboxEnvironment = { PATH: ofSandbox, HOME: ofSandbox };

/** What the model asks for, without what the sandbox has and without the folder of its state that OpenClaw adds to PATH. */
function asked({ PATH: given = ofSandbox, HOME: home = ofSandbox, ...others }) {
  const state = process.env.OPENCLAW_STATE_DIR;
  const folders = given
    .split(":")
    .filter((folder) => folder !== ofSandbox && (state === undefined || !folder.startsWith(`${state}/`)));
  return Object.entries({
    ...others,
    ...(folders.length === 0 ? {} : { PATH: folders.join(":") }),
    ...(home === ofSandbox ? {} : { HOME: home }),
  }).filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
}

/**
 * Runs a script of ours inside, to its end.
 *
 * @returns {Promise<{code: number, stdout: Buffer, stderr: Buffer}>} rejects where it failed and may not
 */
export function runInside({ enter }, { script, args = [], input, allowFailure = false, signal }) {
  const words = [...enter.arguments, "/bin/sh", "-c", script, "sh", ...args];
  const child = spawn(enter.file, words, { env: enter.environment, stdio: ["pipe", "pipe", "pipe"] });
  const outputs = [collected(child, child.stdout), collected(child, child.stderr)];
  // It may end without reading what it is given.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    let stopped = null;
    const stop = (why) => {
      stopped ??= why;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(() => stop(`no end after ${timeoutMs / 1000} s`), timeoutMs);
    const abort = () => stop("aborted");
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    child.on("error", reject);
    child.on("close", (exitCode, killer) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      const [stdout, stderr] = outputs.map(({ chunks }) => Buffer.concat(chunks));
      const [tooMuch] = outputs.filter(({ bytes }) => bytes > outputBytesMax);
      const why = stopped ?? killer;
      if (tooMuch) reject(new Error(`It is larger than ${outputBytesMax / 1024 / 1024} MiB.`));
      else if (why !== null) reject(new Error(`The sandbox did not answer: ${why}.`));
      else if (exitCode === 0 || allowFailure) resolve({ code: exitCode, stdout, stderr });
      else reject(new Error(stderr.toString("utf8").trim() || `exit code ${exitCode}`));
    });
  });
}

function collected(child, stream) {
  const output = { chunks: [], bytes: 0 };
  stream.on("data", (chunk) => {
    output.bytes += chunk.length;
    if (output.bytes <= outputBytesMax) output.chunks.push(chunk);
    else child.kill("SIGKILL");
  });
  return output;
}
