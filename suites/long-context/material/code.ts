import { below, createRng, shuffled, type Rng } from "../../../bench/statistics/rng.ts";
import type { Material, LongQuestion } from "./material.ts";
import { sentence } from "./prose.ts";
import { names, placeName } from "./words.ts";

/** A chain of three small functions in a large file: what a call returns needs all three. */
export const code: Material = {
  opening: "Here is a Python module. Read it; a question about it follows at the end.\n",
  question(index): LongQuestion {
    const rng = createRng(4_000 + index);
    const name = placeName(index).replace(" ", "_");
    const [factor, offset, less, given] = [2, 11, 3, 20].map((least) => least + below(rng, 7)) as Four;
    const functions = [
      `def total_${name}(value):\n    return step_${name}(value) + ${offset}\n`,
      `def step_${name}(value):\n    return base_${name}(value) * ${factor}\n`,
      `def base_${name}(value):\n    return value - ${less}\n`,
    ];
    const key = `does total_${name}(${given}) return?`;
    return {
      pieces: shuffled(rng, functions),
      needs: functions.map((text) => text.trimEnd()),
      ask: `What ${key} Answer with the number and nothing else.`,
      key,
      expected: [String((given - less) * factor + offset)],
    };
  },
  filler(rng: Rng, index) {
    const name = `${placeName(below(rng, names)).replace(" ", "_")}_${index + 1}`;
    const [factor, offset] = [2 + below(rng, 9), 1 + below(rng, 90)];
    const body = rng.next() < 0.5 ? `value * ${factor} + ${offset}` : `(value - ${offset}) * ${factor}`;
    return `def compute_${name}(value):\n    # ${sentence(rng)}\n    return ${body}\n`;
  },
};

type Four = [number, number, number, number];
