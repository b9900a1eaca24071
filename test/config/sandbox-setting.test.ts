import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { sandboxOf } from "../../bench/config/sandbox-schema.ts";
import { experimentFingerprint } from "../../bench/plan/identity.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());

function load(line: string) {
  const file = join(folder.path, "experiment.yaml");
  writeFileSync(
    file,
    ["name: small", "stack: {kind: embedded}", "workload: {domain: library}", line].join("\n"),
  );
  return loadExperiment(file, { environment: {}, workingDirectory: "/", sections });
}

test.each([
  ["", { kind: "auto" }, true],
  ["sandbox: auto", { kind: "auto" }, true],
  ["sandbox: {kind: auto}", { kind: "auto" }, true],
  ["sandbox: {image: 'debian:12'}", { kind: "auto", image: "debian:12" }, false],
  ["sandbox: {kind: docker, image: 'debian:12'}", { kind: "docker", image: "debian:12" }, false],
  ["sandbox: bwrap", { kind: "bwrap" }, false],
  ["sandbox: none", { kind: "none" }, false],
])("%j is read, and is in ids only where it is not the default", (line, setting, isDefault) => {
  const loaded = load(line);
  expect(sandboxOf(loaded.experiment)).toEqual(setting);
  expect(experimentFingerprint(loaded) === experimentFingerprint(load(""))).toBe(isDefault);
});

test.each([
  ["sandbox: {kind: bwrap, image: x}", /sandbox\.image \(line 4\): only docker has images/],
  ["sandbox: dockr", /sandbox \(line 4\): write auto, docker, bwrap, unshare, none/],
  ["sandbox: {kind: docker, imgae: x}", /sandbox\.imgae \(line 4\): unknown key/],
])("%j is refused with its line", (line, message) => {
  expect(() => load(line)).toThrow(message);
});
