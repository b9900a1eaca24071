import { terminalText } from "../host/terminal-text.ts";

/** Where a person watches. */
export interface Screen {
  /** True: one line that is redrawn twice a second. False: lines of their own, for logs and SSH. */
  readonly interactive: boolean;
  /** Of the terminal as it is now: it may be resized. */
  readonly columns: number;
  readonly write: (text: string) => void;
}

/** A piece of the line; of those that do not fit the ones with the highest rank are left out. Rank 0 always stands. */
export interface StatusPart {
  readonly text: string;
  readonly rank: number;
}

const clear = "\r\u001b[K";
const separator = " | ";

/** The last line of a terminal, which says what happens now, below lines that stay. Writes nothing else. */
export class StatusLine implements Disposable {
  readonly #screen: Screen;
  readonly #parts: () => readonly StatusPart[];
  readonly #timer: NodeJS.Timeout;
  #ended = false;

  /** @param parts what the line says at this moment */
  constructor(screen: Screen, parts: () => readonly StatusPart[]) {
    this.#screen = screen;
    this.#parts = parts;
    this.#timer = setInterval(() => this.draw(), screen.interactive ? 500 : 60_000);
    this.#timer.unref();
  }

  /** Where nobody watches, a line of its own. */
  draw(): void {
    if (this.#ended) return;
    const { interactive, columns, write } = this.#screen;
    // The last column stays empty: some terminals begin a new line when it is written.
    write(
      interactive ? `${clear}${fitted(this.#parts(), columns - 1)}` : `${fitted(this.#parts(), Infinity)}\n`,
    );
  }

  /** A line that stays; the status is drawn again below it. */
  tell(text: string): void {
    this.#screen.write(`${this.#screen.interactive ? clear : ""}${terminalText(text)}\n`);
    if (this.#screen.interactive) this.draw();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (!this.#ended && this.#screen.interactive) this.#screen.write(clear);
    this.#ended = true;
  }
}

/** Parts that fit into `columnsMax`, in their order; only what always stands is cut, and only where it does not fit alone. */
export function fitted(parts: readonly StatusPart[], columnsMax: number): string {
  const said = parts.filter(({ text }) => text !== "");
  const ranks = [...new Set(said.map(({ rank }) => rank))].sort((a, b) => b - a);
  let kept = said;
  for (const rank of ranks) {
    if (textOf(kept).length <= columnsMax || rank === 0) break;
    kept = kept.filter((part) => part.rank !== rank);
  }
  const text = textOf(kept);
  return text.length <= columnsMax ? text : text.slice(0, Math.max(0, columnsMax));
}

function textOf(parts: readonly StatusPart[]): string {
  return parts.map(({ text }) => text).join(separator);
}
