import { expect, test } from "vitest";
import { openclaw } from "../../../bench/agent/openclaw/agent.ts";
import { openclawSection, type OpenClawSection } from "../../../bench/agent/openclaw/section.ts";

const spec = (more: object): OpenClawSection => openclawSection.schema.parse({ kind: "openclaw", ...more });
const attach = "ws://127.0.0.1:18789";

test("a gateway that is not ours does tasks with tools of its own, where it sees their folders", () => {
  expect(openclaw.describe(spec({ attach, workspaces: "/w" }), "workspace")).toMatchObject({
    version: "attached",
    prompt: "stock",
    workspaceRoot: "/w",
  });
});

test.each(["served", "calls", "none"] as const)("tools that are %s cannot be given to it", (tools) => {
  expect(() => openclaw.describe(spec({ attach, workspaces: "/w" }), tools)).toThrow(
    /agent\.attach.*workload tasks/,
  );
});

test("without a common folder there is nothing to work in", () => {
  expect(() => openclaw.describe(spec({ attach }), "workspace")).toThrow(/agent\.workspaces is missing/);
});

test.each(["http://127.0.0.1:18789", "127.0.0.1:18789", ""])("refuses %j as its address", (wrong) => {
  expect(openclawSection.schema.safeParse({ kind: "openclaw", attach: wrong }).success).toBe(false);
});

test("keys of attaching are in no section that does not attach, so ids stay what they were", () => {
  expect(spec({})).toEqual({ kind: "openclaw", prompt: "exact", gateways: "auto" });
});
