import { randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import { commandInside, endCommand } from "../inside.js";

/** On two busy cores the first start of a machine took a quarter of this. */
const startTimeoutMs = 60_000;

/**
 * Debian's launcher wants settings of `/etc` that no sandbox has, so its program is called where it is there. No sandbox of
 * Chromium's own: it would need a second user namespace, which the session's sandbox forbids, and holds pages like any command.
 * A `/dev/shm` of 64 MiB is too small for pages.
 */
const command = [
  "exec 2>&1",
  "program=/usr/lib/chromium/chromium",
  '[ -x "$program" ] || program=chromium',
  'exec "$program" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-breakpad' +
    " --disable-background-networking --disable-component-update --disable-sync --no-default-browser-check" +
    ' --remote-debugging-port=0 --user-data-dir="$(mktemp -d /tmp/chromium.XXXXXX)" about:blank',
].join("\n");

/** Chromium in one session's sandbox: started when it is first needed, again when it has ended, and ended with the session. */
export class Chromium {
  #workspace;
  /** @type {{port: Promise<number>, commandId: string} | null} */
  #started = null;
  #closed = false;

  /** @param {{enter: object, directory: string}} workspace */
  constructor(workspace) {
    this.#workspace = workspace;
  }

  /** @returns {Promise<number>} where its DevTools listen on the sandbox's loopback; rejects with what it said instead */
  async port() {
    if (this.#closed) throw new Error("the session of this browser has ended");
    this.#started ??= this.#start();
    return await this.#started.port;
  }

  /** null: it was not started, or has ended. */
  get running() {
    return this.#started?.port ?? null;
  }

  #start() {
    const { directory } = this.#workspace;
    const commandId = randomUUID();
    const { argv, env } = commandInside(this.#workspace, { command, workdir: directory, env: {}, commandId });
    const [file, ...words] = argv;
    const child = spawn(file, words, { env, stdio: ["ignore", "pipe", "ignore"] });
    const started = { commandId, port: portOf(child) };
    const forget = () => {
      if (this.#started === started) this.#started = null;
    };
    child.once("exit", forget);
    started.port.catch(() => {
      forget();
      child.kill("SIGKILL");
    });
    return started;
  }

  async close() {
    this.#closed = true;
    const { commandId } = this.#started ?? {};
    this.#started = null;
    if (commandId !== undefined) await endCommand(this.#workspace, commandId);
  }
}

/** Chromium names the port in a line of its own, among others. */
function portOf(child) {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why) =>
      reject(new Error(`Chromium did not start in the sandbox (${why}): ${said.slice(-600).trim()}`));
    const timer = setTimeout(() => fail(`no answer within ${startTimeoutMs / 1000} s`), startTimeoutMs);
    child.once("error", ({ message }) => fail(message));
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      fail(signal ?? `exit code ${code}`);
    });
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text) => {
      // It goes on writing: the pipe stays open and is emptied.
      said = `${said}${text}`.slice(-4000);
      const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}
