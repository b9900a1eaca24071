import path from "node:path";
import { runInside } from "./inside.js";

/** Exit codes by which a script tells why it did not do what it was asked for. */
const codes = { missing: 44, outside: 45, noFile: 46 };

/**
 * `inside PATH`: whether the deepest part of it that exists lies in the workspace once links are followed. What runs here is
 * inside the sandbox, so this is about what the tools promise and not about what keeps the machine safe.
 */
const guard = `
LC_ALL=C
export LC_ALL
root=$(readlink -f -- "$1") || exit ${codes.missing}
inside() {
  at=$1
  while [ ! -e "$at" ] && [ ! -L "$at" ] && [ "$at" != / ] && [ -n "$at" ]; do at=\${at%/*}; done
  real=$(readlink -f -- "\${at:-/}") || exit ${codes.outside}
  case $real/ in "$root"/*) ;; *) exit ${codes.outside} ;; esac
}
inside "$2"
`;

const scripts = {
  read: `[ -e "$2" ] || exit ${codes.missing}\n[ -f "$2" ] || exit ${codes.noFile}\nexec cat -- "$2"`,
  write: `[ ! -e "$2" ] || [ -f "$2" ] || exit ${codes.noFile}
if [ "$3" = 1 ]; then mkdir -p -- "\${2%/*}" || exit 1; fi
cat > "$2"`,
  mkdirp: `mkdir -p -- "$2"`,
  remove: `rm $3 -- "$2"`,
  rename: `inside "$3"\nmv -- "$2" "$3"`,
  stat: `[ -e "$2" ] || exit ${codes.missing}\nstat -L -c '%F|%s|%Y' -- "$2"`,
};

/** Files of one session's workspace, for OpenClaw's file tools. Everything is done inside the sandbox. */
export class WorkspaceFiles {
  #workspace;
  #localRoot;

  /**
   * @param {{directory: string}} workspace
   * @param {string} localRoot the folder that OpenClaw believes the workspace to be in on this machine; relative paths reach
   *   us as paths within it
   */
  constructor(workspace, localRoot) {
    this.#workspace = workspace;
    this.#localRoot = localRoot;
  }

  get pathMappings() {
    return [{ hostRoot: this.#localRoot, containerRoot: this.#workspace.directory }];
  }

  resolvePath({ filePath, cwd }) {
    const { directory } = this.#workspace;
    const from = this.#within(path.posix.normalize(cwd ?? directory)) ?? directory;
    const target = this.#within(path.posix.resolve(from, filePath));
    if (target === null)
      throw new Error(
        `Path is outside the workspace (${directory}): ${filePath}. Use a path under ${directory}/.`,
      );
    return { containerPath: target, relativePath: path.posix.relative(directory, target) };
  }

  /** The path as it is inside; null where it is none of the workspace. */
  #within(absolute) {
    const { directory } = this.#workspace;
    for (const root of [directory, this.#localRoot]) {
      const relative = path.posix.relative(root, absolute);
      const isBelow = relative !== ".." && !relative.startsWith("../");
      if (isBelow) return path.posix.join(directory, relative);
    }
    return null;
  }

  async readFile({ maxBytes, ...target }) {
    const { stdout } = await this.#run("read", target);
    if (maxBytes !== undefined && stdout.length > maxBytes)
      throw new RangeError(`File exceeds ${maxBytes} bytes`);
    return stdout;
  }

  async writeFile({ data, encoding = "utf8", mkdir = true, ...target }) {
    const input = Buffer.isBuffer(data) ? data : Buffer.from(data, encoding);
    await this.#run("write", target, { args: [mkdir ? "1" : "0"], input });
  }

  async mkdirp(target) {
    await this.#run("mkdirp", target);
  }

  async remove({ recursive = false, force = false, ...target }) {
    const flags = `${recursive ? "r" : ""}${force ? "f" : ""}`;
    await this.#run("remove", target, { args: [flags === "" ? "" : `-${flags}`] });
  }

  async rename({ from, to, cwd, signal }) {
    const { containerPath } = this.resolvePath({ filePath: to, cwd });
    await this.#run("rename", { filePath: from, cwd, signal }, { args: [containerPath] });
  }

  async stat(target) {
    const { code, stdout } = await this.#run("stat", target, { mayMiss: true });
    if (code === codes.missing) return null;
    const [kind, size, seconds] = stdout.toString("utf8").trim().split("|");
    const type = kind === "directory" ? "directory" : kind.startsWith("regular") ? "file" : "other";
    return { type, size: Number(size), mtimeMs: Number(seconds) * 1000 };
  }

  async #run(name, { filePath, cwd, signal }, { args = [], input, mayMiss = false } = {}) {
    const { directory } = this.#workspace;
    const { containerPath } = this.resolvePath({ filePath, cwd });
    const result = await runInside(this.#workspace, {
      script: `${guard}${scripts[name]}`,
      args: [directory, containerPath, ...args],
      input,
      allowFailure: true,
      signal,
    });
    if (result.code === 0 || (mayMiss && result.code === codes.missing)) return result;
    throw failure(result, containerPath);
  }
}

function failure({ code, stderr }, containerPath) {
  if (code === codes.missing)
    return Object.assign(new Error(`No such file or directory: ${containerPath}`), { code: "ENOENT" });
  if (code === codes.outside) return new Error(`Path leads out of the workspace: ${containerPath}`);
  if (code === codes.noFile) return new Error(`Not a regular file: ${containerPath}`);
  return new Error(stderr.toString("utf8").trim() || `exit code ${code}`);
}
