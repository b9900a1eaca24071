import { expect, test } from "vitest";
import { programEnvironment } from "../../bench/host/program-environment.ts";

test("a program gets what programs need, not the user's keys and nothing that is empty", () => {
  const user = { PATH: "/bin", LANG: "", TZ: undefined, OPENAI_API_KEY: "sk-1", NODE_OPTIONS: "--inspect" };
  expect(programEnvironment(user)).toEqual({ SPT_NOENV: "1", PATH: "/bin" });
});
