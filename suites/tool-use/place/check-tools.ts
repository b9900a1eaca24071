import { messageOf, StartError } from "../../../bench/errors.ts";
import { load } from "../tools/tool-use-tools.ts";
import { type CasePlaceMaker, openPlace } from "./open-place.ts";

/** Each tool that a sandbox could fail, on a place that is known; null: whatever it says, as long as it is no error. */
const steps: readonly (readonly [name: string, given: object, says: string | null])[] = [
  ["read_file", { path: "a.txt" }, "one\n"],
  ["write_file", { path: "b/c.txt", content: "two\n" }, null],
  ["append_to_file", { path: "b/c.txt", content: "three\n" }, null],
  ["copy_file", { from: "b/c.txt", to: "d.txt" }, null],
  ["move_file", { from: "d.txt", to: "e/f.txt" }, null],
  ["list_folder", {}, "a.txt\nb/\ne/\n"],
  ["find_files", { pattern: "*.txt" }, "a.txt\nb/c.txt\ne/f.txt\n"],
  ["search_text", { text: "three" }, "b/c.txt:2:three\ne/f.txt:2:three\n"],
  ["delete_file", { path: "a.txt" }, null],
  ["run_command", { command: "[ -e a.txt ] || echo gone" }, "gone\n"],
  ["get_variable", { name: "KNOWN" }, "yes\n"],
  ["list_processes", {}, "known"],
  ["stop_process", { name: "known" }, null],
  ["list_processes", {}, "No process runs"],
];

const setup = {
  files: { "a.txt": "one\n" },
  processes: ["known"],
  environment: { KNOWN: "yes" },
  service: {},
};

/**
 * Calls the tools once before any model does. A program that a sandbox lacks would make calls fail that are right, and every score
 * would blame the model for it.
 * @throws {StartError} where one of them does not do what it says
 */
export async function checkTools(maker: CasePlaceMaker): Promise<void> {
  const wrong = await firstWrong(maker).catch(messageOf);
  if (wrong === null) return;
  throw new StartError(
    "sandbox",
    `The tools do not work in the sandbox of kind ${maker.sandboxes.kind}: ${wrong}. They need bash, ls, cat, mkdir, dirname, mv, cp, rm, find, ` +
      "grep, sed, sort, tr, cut, readlink, printenv, setsid, sleep and kill, of GNU or alike. Name an image that has them (docker/sandbox makes one), or another kind of sandbox.",
  );
}

async function firstWrong(maker: CasePlaceMaker): Promise<string | null> {
  await using place = await openPlace(maker, setup, "tools-known");
  const tools = load({ declared: [] }).open("tools-known", {
    workspace: { enter: place.sandbox.enter([]) },
    shop: { url: place.shopUrl },
    faults: [],
  });
  for (const [name, given, says] of steps) {
    const argumentsText = JSON.stringify(given);
    const { content, error } = await tools.call({ name, requestor: "assistant", argumentsText });
    if (error || (says !== null && content !== says))
      return `${name} with ${argumentsText} gave ${JSON.stringify(content)}${says === null ? "" : ` instead of ${JSON.stringify(says)}`}`;
  }
  return null;
}
