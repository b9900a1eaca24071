import { expect, test } from "vitest";
import { containerSpec, type ContainerSpec } from "../../../bench/docker/container-spec.ts";
import { differences, servingLabel, servingSha256 } from "../../../bench/stack/docker/warm-container.ts";
import { runningContainer } from "./docker-facts.ts";

const wanted = containerSpec({
  name: "agent",
  image: "sglang:1",
  command: ["python3", "-m", "sglang.launch_server", "--tp-size", "4", "--enable-metrics"],
  environment: { A: "1", HF_HUB_OFFLINE: "1" },
  secretEnvironment: ["HF_TOKEN", "HTTPS_PROXY"],
  volumes: [{ source: "/models", target: "/models", readOnly: true }],
  gpus: ["0", "1"],
});

/** A container that serves what the spec says. */
const serving = (spec: ContainerSpec) =>
  runningContainer({
    command: spec.command ?? [],
    gpus: spec.gpus,
    environment: [
      "PATH=/bin",
      ...Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    ],
    labels: { [servingLabel]: servingSha256(spec) },
  });

test("a warm container that is what the experiment asks for is adopted", () => {
  expect(differences(serving(wanted), wanted, "sha256:1")).toEqual([]);
});

test("one that had to download its model is adopted when the model is there", () => {
  const downloading = containerSpec({
    ...wanted,
    environment: { A: "1", NO_PROXY: "127.0.0.1" },
    secretEnvironment: ["HF_TOKEN"],
    volumes: [{ source: "/models", target: "/models", readOnly: false }],
  });
  expect(differences(serving(downloading), wanted, "sha256:1")).toEqual([]);
});

test.each([
  [
    "a flag's value",
    { command: ["python3", "-m", "sglang.launch_server", "--tp-size", "8", "--enable-metrics"] },
    ["--tp-size: there 8, wanted 4"],
  ],
  [
    "a flag",
    { command: ["python3", "-m", "sglang.launch_server", "--tp-size", "4"] },
    ["--enable-metrics: there not set, wanted set"],
  ],
  ["the GPUs", { gpus: ["4", "5"] }, ["GPUs: there 4,5, wanted 0,1"]],
  ["a variable", { environment: { A: "2", HF_HUB_OFFLINE: "1" } }, ["A: wanted 1"]],
  [
    "what only its label tells",
    { shmBytes: 1 },
    ["settings: mounts, shared memory, limits, CPUs or variables are not those of the experiment"],
  ],
] satisfies [string, Partial<ContainerSpec>, string[]][])(
  "one that differs in %s is not adopted, and says in what",
  (_what, changes, lines) => {
    expect(differences(serving({ ...wanted, ...changes }), wanted, "sha256:1")).toEqual(lines);
  },
);

test("the same name of an image may mean another image by now", () => {
  expect(differences(serving(wanted), wanted, "sha256:2")).toEqual([
    "image: it runs i (sha256:1), sglang:1 is sha256:2",
  ]);
});

test("a value that the daemon's answer hides counts as equal: the label decides", () => {
  const hidden = { ...serving(wanted), environment: ["A=<redacted>", "HF_HUB_OFFLINE=1"] };
  expect(differences(hidden, wanted, "sha256:1")).toEqual([]);
});
