import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setFlagsFromString } from "node:v8";
import type { Command } from "commander";
import { ConfigError } from "../errors.ts";
import { isFeedbackRun } from "../feedback/files/read-feedback-run.ts";
import { resolveRun } from "../store/list-runs.ts";
import { exists } from "../store/read-run.ts";
import { runAddress } from "../view/addresses.ts";
import { RunLibrary } from "../view/server/run-library.ts";
import { serveView } from "../view/server/view-server.ts";
import { port } from "./arguments.ts";
import { runsFolder, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";

interface ViewFlags extends RunsFlag {
  readonly port: number;
  readonly open: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("view [run]")
    .description(
      "pages to look into a run, live while it goes on: cells, episodes with filters, transcripts, arms side by side; a folder, or nothing, for all runs in it",
    )
    .option("--port <port>", "port on this machine (default: a free one)", port, 0)
    .option("--no-open", "print the address only, and open no browser")
    .addOption(runsOption())
    .action(async (reference: string | undefined, flags: ViewFlags) => {
      // Every page of a run that goes on leaves some garbage, and V8 would let it grow to as much again as is needed.
      setFlagsFromString("--heap-growing-percent=20");
      const library = await libraryOf(host, reference, flags);
      await using server = await serveView({ library, port: flags.port, tell: host.tell });
      const address = new URL(library.only === null ? "/" : runAddress(library.only), server.url).href;
      host.print(address);
      if (host.interactive) host.tell("Ctrl-C ends it. From another machine: ssh -L PORT:127.0.0.1:PORT");
      if (flags.open) openBrowser(host, address);
      await stopped();
    });
}

/** A run alone, by path, name or `@last`; or the runs of a folder. Throws ConfigError. */
async function libraryOf(host: Host, reference: string | undefined, flags: ViewFlags): Promise<RunLibrary> {
  const folder = runsFolder(host, flags);
  const { workingDirectory } = host;
  if (reference === undefined) {
    if (await isFolder(folder)) return new RunLibrary(folder, { only: false, workingDirectory });
    throw new ConfigError(
      `There is no folder ${folder}. Give a run or a folder of runs, or start a run with \`tollgate sweep\`.`,
    );
  }
  const path = resolve(host.workingDirectory, await resolveRun(reference, { runs: folder }));
  const isRun = (await exists(join(path, "run.json"))) || (await isFeedbackRun(path));
  if (isRun) return new RunLibrary(path, { only: true, workingDirectory });
  if (await isFolder(path)) return new RunLibrary(path, { only: false, workingDirectory });
  throw new ConfigError(
    `${path} is no folder. Give a run directory, a folder of runs, or see \`tollgate runs\`.`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return (await exists(path)) && (await stat(path)).isDirectory();
}

/** Only where a person sits at this machine's own screen; what cannot be opened can be typed. */
function openBrowser({ interactive, environment }: Host, url: string): void {
  const here = process.platform === "darwin" || environment["DISPLAY"] || environment["WAYLAND_DISPLAY"];
  if (!interactive || !here) return;
  const child = spawn(process.platform === "darwin" ? "open" : "xdg-open", [url], {
    stdio: "ignore",
    detached: true,
  });
  // A machine without such a program has no default browser; the address is printed.
  child.on("error", () => undefined);
  child.unref();
}

async function stopped(): Promise<void> {
  const ended = new AbortController();
  const waits = (["SIGINT", "SIGTERM"] as const).map((name) => once(process, name, { signal: ended.signal }));
  try {
    await Promise.race(waits);
  } finally {
    ended.abort();
    await Promise.allSettled(waits);
  }
}
