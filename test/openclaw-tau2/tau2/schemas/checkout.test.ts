import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkoutFacts, checkoutWarnings } from "../../../../openclaw-tau2/tau2/schemas/checkout.ts";
import { VERIFIED_SOURCES } from "../../../../openclaw-tau2/tau2/schemas/verified-sources.ts";
import { exportTau2Results } from "../../../../openclaw-tau2/offline/results.ts";
import { lastLine, Workplace } from "../../../e2e/small-experiment.ts";
import { expectExit, TemporaryFolder, tollgate } from "../../../e2e/tollgate-process.ts";

const fixture = "test/fixtures/python-tools";

function git(folder: string, ...args: string[]): string {
  const who = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
  return execFileSync("git", ["-C", folder, ...who, ...args], { encoding: "utf8" }).trim();
}

/** A checkout whose mock domain has one tool of a verified name and another text, and lacks all others. */
function otherVersion(folder: string): string {
  const checkout = join(folder, "checkout");
  cpSync(fixture, checkout, { recursive: true });
  const mock = join(checkout, "src", "tau2", "domains", "mock");
  mkdirSync(mock);
  writeFileSync(
    join(mock, "tools.py"),
    [
      "from tau2.environment.toolkit import ToolKitBase, ToolType, is_tool",
      "class MockTools(ToolKitBase):",
      "    @is_tool(ToolType.READ)",
      "    def get_users(self) -> str:",
      '        """Everybody."""',
      '        return "nobody"',
      "",
    ].join("\n"),
  );
  return checkout;
}

test("a folder inside another repository has no commit of its own; a checkout has its own", () => {
  using folder = new TemporaryFolder();
  const inside = otherVersion(folder.path);
  git(folder.path, "init", "--quiet");
  git(folder.path, "add", ".");
  git(folder.path, "commit", "--quiet", "--message", "outer");
  expect(checkoutFacts(inside, "mock").commit).toBe(null);
  git(inside, "init", "--quiet");
  git(inside, "add", ".");
  git(inside, "commit", "--quiet", "--message", "own");
  expect(checkoutFacts(inside, "mock").commit).toBe(git(inside, "rev-parse", "HEAD"));
});

test("tools that differ are named; domains that are not tau2's are not compared", () => {
  using folder = new TemporaryFolder();
  const checkout = otherVersion(folder.path);
  const { differences, notCompared } = checkoutFacts(checkout, "mock");
  const removed = Object.keys(VERIFIED_SOURCES).filter(
    (method) => method.startsWith("MockTools.") && method !== "MockTools.get_users",
  );
  expect(notCompared).toBe(null);
  expect(differences).toEqual([
    "MockTools.get_users changed",
    ...removed.map((method) => `${method} removed`),
  ]);
  expect(checkoutWarnings({ commit: null, differences, notCompared })).toEqual([
    expect.stringContaining("MockTools.get_users changed"),
  ]);
  expect(checkoutFacts(checkout, "elsewhere")).toEqual({ commit: null, differences: [], notCompared: null });
});

test("Python that the reader does not understand is a warning, because the schemas may come from a file", () => {
  using folder = new TemporaryFolder();
  const checkout = otherVersion(folder.path);
  const file = join(checkout, "src", "tau2", "domains", "mock", "tools.py");
  writeFileSync(file, readFileSync(file, "utf8").replace('"""Everybody."""', '"""Everybody.'));
  const facts = checkoutFacts(checkout, "mock");
  expect(facts.differences).toEqual([]);
  expect(facts.notCompared).toContain("tools.py");
  expect(checkoutWarnings(facts)).toEqual([expect.stringContaining("could not be compared")]);
});

test("plan, sweep, run.json and tau2's results name the checkout", async () => {
  using folder = new TemporaryFolder();
  const checkout = join(folder.path, "checkout");
  cpSync(fixture, checkout, { recursive: true });
  git(checkout, "init", "--quiet");
  git(checkout, "add", ".");
  git(checkout, "commit", "--quiet", "--message", "own");
  const agent = join(checkout, "src", "tau2", "agent");
  mkdirSync(agent);
  writeFileSync(
    join(agent, "llm_agent.py"),
    'AGENT_INSTRUCTION = "Serve."\nSYSTEM_PROMPT = "{agent_instruction} {domain_policy}"\n',
  );
  using place = new Workplace({
    arms: [{ kind: "raw" }],
    workload: { domain: "library", tasks: { count: 1 }, checkout },
  });
  const environment = { ...place.environment, TAU2_CHECKOUT: checkout };
  const planned = await tollgate(["plan", place.file, "--json"], environment);
  expectExit(planned, 0);
  const facts = { commit: git(checkout, "rev-parse", "HEAD"), differences: [], notCompared: null };
  expect((JSON.parse(planned.stdout) as { workload: object }).workload).toMatchObject({ checkout: facts });
  const sweep = await tollgate(["sweep", place.file, "--out", place.runs], environment);
  expectExit(sweep, 0);
  const run = lastLine(sweep);
  const identity = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as { workload: object };
  expect(identity.workload).toMatchObject({ checkout: facts });
  const [name = ""] = await exportTau2Results(run, folder.path, {});
  const results = JSON.parse(readFileSync(join(folder.path, name), "utf8")) as { info: object };
  expect(results.info).toMatchObject({ git_commit: facts.commit });
});
