import { pythonError } from "./error.ts";
import type { PythonError } from "./error.ts";
import { pyRepr, typeName } from "./repr.ts";
import type { Issues, PyValue } from "./value.ts";

/** Which Python and pydantic the texts of errors follow, as `3.12` and `2.12`. */
export interface Versions {
  readonly python: string;
  readonly pydantic: string;
}

interface Issue {
  readonly location: string;
  readonly kind: string;
  readonly message: string;
  readonly input: PyValue;
}

/** What pydantic found wrong with one input, in order, and where in it we are. */
export class Validation implements Issues {
  readonly #issues: Issue[] = [];
  readonly #path: (string | number)[] = [];

  fail(kind: string, message: string, input: PyValue): undefined {
    this.#issues.push({ location: this.#path.map(locationItem).join("."), kind, message, input });
    return undefined;
  }

  at<Value>(step: string | number, validate: () => Value): Value {
    this.#path.push(step);
    try {
      return validate();
    } finally {
      this.#path.pop();
    }
  }

  get mark(): number {
    return this.#issues.length;
  }

  rewind(mark: number): void {
    this.#issues.length = mark;
  }

  /** pydantic's ValidationError with its text for the model called `title`. */
  error(title: string, versions: Versions): PythonError {
    const count = this.#issues.length;
    const lines = [`${count} validation error${count === 1 ? "" : "s"} for ${title}`];
    for (const issue of this.#issues) {
      if (issue.location !== "") lines.push(issue.location);
      const input = `input_value=${shortened(pyRepr(issue.input))}, input_type=${typeName(issue.input)}`;
      lines.push(`  ${issue.message} [type=${issue.kind}, ${input}]`);
      lines.push(
        `    For further information visit https://errors.pydantic.dev/${versions.pydantic}/v/${issue.kind}`,
      );
    }
    return pythonError("ValidationError", lines.join("\n"));
  }
}

function locationItem(step: string | number): string {
  const text = String(step);
  return text.includes(".") ? `\`${text}\`` : text;
}

/** pydantic shows at most 50 UTF-8 bytes of a repr: 25 from the start and 24 from the end, at character boundaries. */
function shortened(repr: string): string {
  if (repr.length <= 16) return repr;
  const bytes = Buffer.from(repr, "utf8");
  if (bytes.length <= 50) return repr;
  let head = 25;
  while (isContinuation(bytes[head])) head--;
  let tail = bytes.length - 24;
  while (isContinuation(bytes[tail])) tail++;
  return `${bytes.toString("utf8", 0, head)}...${bytes.toString("utf8", tail)}`;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
