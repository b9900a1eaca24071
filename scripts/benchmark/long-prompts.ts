import { join } from "node:path";
import { caseAt } from "../../suites/long-context/contract/cases.ts";
import { systemMessage } from "../../suites/long-context/contract/system-message.ts";
import { folderTokenizer } from "../../suites/long-context/counting/folder.ts";
import { kinds } from "../../suites/long-context/material/material.ts";
import { exactPrompt } from "../../suites/long-context/prompt/exact-prompt.ts";
import { medianReading, millisecondsSince, type Measurement } from "./measurement.ts";

/** A prompt of exactly 131,072 tokens, counted with the files of a model: a server's own counting comes on top. */
export const longPrompts: Measurement = {
  name: "long-prompts",
  measure: async (bench) => {
    const folder = folderTokenizer(join(bench.root, "bench", "simulator", "model"));
    const counter = {
      way: "model-folder",
      about: "the simulator's folder",
      dear: false,
      unit: " and",
      count: async (text: string) => folder.count(systemMessage, text),
    } as const;
    const samples: number[] = [];
    for (const kind of kinds)
      for (let seed = 0; seed < (bench.quick ? 1 : 5); seed += 1) {
        const startedNs = bench.nowNs();
        await exactPrompt(caseAt({ kind, length: 131_072, depth: 0.5 }, { trial: 0, seed }), counter);
        samples.push(millisecondsSince(bench, startedNs));
      }
    return [
      medianReading({ what: "a prompt of exactly 128K tokens: build", unit: "ms", target: 2000 }, samples),
    ];
  },
};
