import { expect, test } from "vitest";
import { listContainers, runningContainers } from "../../bench/docker/container-state.ts";
import { DockerError, type Docker } from "../../bench/docker/docker-command.ts";

/** `docker` on a node where `ps` names one container, and `inspect` fails in these words. */
const failing =
  (reason: string): Docker =>
  async ([command, ...rest]) => {
    if (command !== "ps") throw new DockerError(reason, { refused: true, reason });
    const columns = (rest.at(-1) ?? "").split("\t");
    return columns.map((column) => column.replaceAll(/\{\{.*?\}\}/g, '"x"')).join("\t");
  };

test("a container that is removed between the two questions holds nothing", async () => {
  const docker = failing("Error: No such container: x");
  expect(await listContainers(docker)).toHaveLength(1);
  expect(await runningContainers(docker)).toEqual([]);
});

test("a container that cannot be asked about is not taken for one that holds no GPU", async () => {
  await expect(runningContainers(failing("daemon is not responding"))).rejects.toThrow(DockerError);
});
