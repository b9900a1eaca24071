import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { askOn } from "../../bench/commands/terminal-question.ts";
import { ConfigError } from "../../bench/errors.ts";

function terminal() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  return { input, output };
}

test("the question goes out, and the line that comes in is the answer", async () => {
  const { input, output } = terminal();
  const answer = askOn({ input, output }, "Which one? ");
  input.write("the second\nmore\n");
  expect(await answer).toBe("the second");
  expect(String(output.read())).toContain("Which one? ");
});

test("an input that ends is no answer", async () => {
  const { input, output } = terminal();
  const answer = askOn({ input, output }, "Which one? ");
  input.end();
  await expect(answer).rejects.toThrow(ConfigError);
});
