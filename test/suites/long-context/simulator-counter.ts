import { folderTokenizer } from "../../../suites/long-context/counting/folder.ts";
import type { TokenCounter } from "../../../suites/long-context/counting/counter.ts";
import { systemMessage } from "../../../suites/long-context/contract/system-message.ts";

/** The simulated engine's own tokenizer and chat template, which lie in a folder like a model's. */
export const simulatorFolder = "bench/simulator/model";

const folder = folderTokenizer(simulatorFolder);

export const simulatorTokens = (text: string): number => folder.count(systemMessage, text);

/** Counts as the simulated engine does, and how often it was asked. */
export function simulatorCounter(changes: Partial<TokenCounter> = {}): TokenCounter & { asked: number } {
  const counter = {
    way: "model-folder" as const,
    about: "the simulator's folder",
    dear: false,
    unit: " and",
    asked: 0,
    async count(text: string) {
      counter.asked += 1;
      return simulatorTokens(text);
    },
    ...changes,
  };
  return counter;
}
