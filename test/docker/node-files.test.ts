import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { planEngine } from "../../bench/stack/docker/engine-container.ts";

interface Service {
  readonly image: string;
  readonly command: string;
  readonly network_mode: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly deploy: { resources: { reservations: { devices: { device_ids: string[] }[] } } };
}

const compose = parse(readFileSync("docker/compose.yaml", "utf8"), { merge: true }) as {
  services: Readonly<Record<string, Service>>;
};

test.each(["agent", "user"] as const)(
  "the compose file starts the %s server that the node experiment describes",
  (role) => {
    const { experiment } = loadExperiment("experiments/node-8gpu.yaml", {
      sections,
      environment: {},
      workingDirectory: "/",
    });
    if (experiment.stack.kind !== "docker") throw new Error("not a docker stack");
    const { container, spec } = planEngine(role, experiment.stack, {
      home: "/nowhere",
      machine: {},
      name: "x",
      labels: {},
    });
    const service = compose.services[role];
    expect(service?.command.split(" ")).toEqual(container.command);
    expect(service).toMatchObject({ image: container.image, network_mode: container.network });
    expect(service?.environment).toMatchObject(container.environment);
    expect(service?.deploy.resources.reservations.devices[0]?.device_ids).toEqual(spec.gpus);
  },
);

test("the driver's image is built from files that exist", () => {
  const dockerfile = readFileSync("docker/Dockerfile", "utf8");
  const copied = [...dockerfile.matchAll(/^COPY (.+) \.\/$/gm)].flatMap(
    ([, names]) => names?.split(" ") ?? [],
  );
  expect(copied).toEqual(["package.json", "package-lock.json", ".npmrc"]);
  for (const name of copied) expect(readFileSync(name, "utf8")).not.toBe("");
  expect(dockerfile).toContain("/app/bin/tollgate");
});
