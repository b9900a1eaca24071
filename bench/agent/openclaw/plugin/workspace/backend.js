import { randomUUID } from "node:crypto";
import { registerSandboxBackend } from "openclaw/plugin-sdk/sandbox";
import { commandInside, endCommand, runInside, sandboxEnvironment } from "./inside.js";
import { WorkspaceFiles } from "./files.js";

/** The backend's name in OpenClaw's configuration (`agents.defaults.sandbox.backend`). */
const backendId = "tollgate";

/**
 * Gives OpenClaw a sandbox for each session: the one that the driver opened. OpenClaw's own tools `read`, `write`, `edit`,
 * `exec` and `process` then work in the session's workspace, and nothing of them runs in the gateway process.
 *
 * @param {(sessionKey: string) => {workspace?: object}} sessionOf
 */
export function registerWorkspaceBackend(sessionOf) {
  registerSandboxBackend(backendId, {
    factory: async ({ sessionKey, workspaceDir }) => handleFor(sessionOf(sessionKey), workspaceDir),
    resolveWorkdir: ({ sessionKey }) => sessionOf(sessionKey).workspace?.directory,
  });
}

function handleFor({ key, workspace }, localRoot) {
  if (workspace === undefined) throw new Error(`session ${key} has no workspace`);
  const { directory } = workspace;
  return {
    id: backendId,
    runtimeId: `tollgate-${key}`,
    runtimeLabel: "tollgate",
    workdir: directory,
    env: sandboxEnvironment,
    workdirValidation: "backend",
    validateWorkdir: (workdir) => existingFolder(workspace, workdir),
    workdirRoots: [directory, "/tmp"],
    buildExecSpec: async ({ command, workdir, env }) => {
      const commandId = randomUUID();
      const call = { command, workdir: workdir ?? directory, env, commandId };
      return { ...commandInside(workspace, call), stdinMode: "pipe-closed", finalizeToken: commandId };
    },
    finalizeExec: async ({ token, exitCode }) => {
      // It was ended by OpenClaw (abort, time, kill), or with its sandbox.
      if (exitCode === null) await endCommand(workspace, token);
    },
    runShellCommand: ({ script, args, stdin, allowFailure, signal }) =>
      runInside(workspace, { script, args, input: stdin, allowFailure, signal }),
    createFsBridge: () => new WorkspaceFiles(workspace, localRoot),
  };
}

/** The folder as it is inside, or null where there is none. */
async function existingFolder(workspace, workdir) {
  if (workdir === workspace.directory) return workdir;
  const { code, stdout } = await runInside(workspace, {
    script: 'cd -- "$1" 2>/dev/null && pwd -P',
    args: [workdir],
    allowFailure: true,
  });
  return code === 0 ? stdout.toString("utf8").replace(/\n$/, "") : null;
}
