import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { loadDomain } from "../../../../openclaw-tau2/tau2/loading/load.ts";
import { lastLine, Workplace } from "../../../e2e/small-experiment.ts";
import { episodesOf, expectExit, sharedFolder } from "../../../e2e/tollgate-process.ts";

const shared = sharedFolder();

test.skipIf(shared === null)("telecom-workflow is telecom with the other support text", () => {
  const dataDirectory = join(shared ?? "", "tau2", "data");
  const schemasDirectory = join(shared ?? "", "tau2", "golden");
  const [telecom, workflow] = ["telecom", "telecom-workflow"].map((domain) =>
    loadDomain({ domain, dataDirectory, schemasDirectory }),
  );
  const text = (file: string) => readFileSync(join(dataDirectory, "tau2/domains/telecom", file), "utf8");
  expect(workflow?.name).toBe("telecom-workflow");
  expect(workflow?.policy).toBe(
    telecom?.policy.replace(text("tech_support_manual.md"), () => text("tech_support_workflow.md")),
  );
  expect(workflow?.policy).not.toBe(telecom?.policy);
  expect(workflow?.agentToolsJson).toBe(telecom?.agentToolsJson);
  expect(workflow?.tasks).toEqual(telecom?.tasks);
  expect(Object.keys(workflow?.fileHashes ?? {})).toContain("tau2/domains/telecom/tech_support_workflow.md");
});

test.skipIf(shared === null)(
  "a sweep plays it with telecom's tasks",
  async () => {
    using place = new Workplace({
      arms: [{ kind: "raw" }],
      workload: {
        domain: "telecom-workflow",
        data: resolve(shared ?? "", "tau2", "data"),
        tasks: { count: 2 },
      },
    });
    const sweep = await place.sweep();
    expectExit(sweep, 0);
    const episodes = episodesOf(lastLine(sweep));
    expect(episodes.map(({ domain, status, reward }) => [domain, status, reward])).toEqual([
      ["telecom-workflow", "completed", 1],
      ["telecom-workflow", "completed", 1],
    ]);
  },
  120_000,
);
