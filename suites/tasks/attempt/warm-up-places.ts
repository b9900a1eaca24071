import type { TasksParts } from "./parts.ts";
import type { WorkspaceTask } from "../contract/task.ts";
import { openPlace, type TaskPlace } from "../workspace/open-place.ts";
import { StartError } from "../../../bench/errors.ts";

/** Empty workspaces for the first turns of an agent, in which no task is done. */
export class WarmUpPlaces implements AsyncDisposable {
  readonly #parts: TasksParts;
  readonly #stack = new AsyncDisposableStack();

  constructor(parts: TasksParts) {
    this.#parts = parts;
  }

  async open(name: string): Promise<TaskPlace> {
    const [first] = this.#parts.suite.tasks;
    if (first === undefined) throw new Error("a plan without tasks was prepared");
    const empty: WorkspaceTask = {
      ...first,
      inputs: [],
      setup: null,
      teardown: null,
      services: [],
      network: false,
      browser: false,
    };
    const place = await openPlace(this.#parts.maker, empty, { name, signal: this.#parts.context.signal });
    if ("fault" in place) throw new StartError("sandbox", place.fault.detail);
    return this.#stack.use(place);
  }

  /** Before the places are closed. */
  closeLater(close: () => Promise<void>): void {
    this.#stack.defer(close);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
