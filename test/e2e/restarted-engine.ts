import { countBy, finishedEpisodes } from "../../bench/store/progress.ts";
import { Workplace } from "./small-experiment.ts";
import { readRecords, TollgateProcess } from "./tollgate-process.ts";

const data = "openclaw-tau2/data";
export const tasks = ["--domain", "library", "--data", data, "--schemas", `${data}/tau2/domains/library`];

/** A simulated engine that is found at the same address when it is started again. */
export class Engine {
  readonly #role: "agent" | "user";
  #port = "0";
  url = "";
  process: TollgateProcess | null = null;

  constructor(role: "agent" | "user") {
    this.#role = role;
  }

  async start(...args: readonly string[]): Promise<void> {
    const speed = ["--decode-step-ms", "0.2"];
    const started = new TollgateProcess([
      "simulate",
      "--role",
      this.#role,
      "--port",
      this.#port,
      ...speed,
      ...args,
    ]);
    await started.until(() => started.stdout.includes("\n"), { what: "a ready line" });
    this.url = (JSON.parse(started.stdout) as { url: string }).url;
    this.#port = new URL(this.url).port;
    this.process = started;
  }

  /** kill -9, as an out-of-memory killer does it. */
  async kill(): Promise<void> {
    await this.process?.[Symbol.asyncDispose]();
    this.process = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** A sweep of 12 episodes a cell, straight and through the gateway, on two engines that run already. */
export function placeOn(agent: Engine, user: Engine, changes: object = {}): Workplace {
  return new Workplace({
    stack: { kind: "attach", agent: { url: agent.url }, user: { url: user.url } },
    workload: { domain: "library", tasks: { count: 6 }, trials: 2 },
    ...changes,
  });
}

/** What counts of the run's episodes, by status. */
export const ends = (run: string) =>
  countBy([...finishedEpisodes(readRecords(run)).values()].map(({ status }) => status));
