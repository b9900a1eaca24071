import { expect, test } from "vitest";
import { expectExit, TollgateProcess } from "../e2e/tollgate-process.ts";
import { allBlocks } from "./documents.ts";
import { DocumentFolder } from "./document-shell.ts";

/** A simulated server for the library domain, at a free port. */
async function simulated(role: string): Promise<{ readonly server: TollgateProcess; readonly url: string }> {
  const tasks = ["--domain", "library", "--data", "openclaw-tau2/data"];
  const server = new TollgateProcess(["simulate", "--role", role, "--port", "0", ...tasks]);
  await server.until(() => server.stdout.includes("\n"), { what: "a ready line" });
  return { server, url: (JSON.parse(server.stdout) as { url: string }).url };
}

const blocks = allBlocks.filter(({ marker }) => marker?.startsWith("run in the long tier"));

test.each(blocks)("$file:$line does what it says", async ({ text }) => {
  using folder = new DocumentFolder();
  const [agent, user] = [await simulated("agent"), await simulated("user")];
  await using _agent = agent.server;
  await using _user = user.server;
  const finished = await folder.run(
    text.replaceAll("http://127.0.0.1:30000", agent.url).replaceAll("http://127.0.0.1:30001", user.url),
  );
  expectExit(finished, 0);
  expect(finished.stdout).toMatch(/complete, (\d+)\/\1 episodes/);
});
