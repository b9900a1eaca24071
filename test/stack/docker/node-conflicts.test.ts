import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { runLabels, warmLabels } from "../../../bench/docker/container-labels.ts";
import { heldByOthers, refuseTakenPorts } from "../../../bench/stack/docker/node-conflicts.ts";
import { enginePlan, runningContainer } from "./docker-facts.ts";

const agent = enginePlan({ gpus: ["0", "1"], ports: "30000,30050" });

test("a GPU or a port that another container holds is named with its owner", () => {
  const ofRun = runningContainer({
    name: "tollgate-r-agent",
    gpus: ["1", "2"],
    labels: runLabels({ runId: "r", supervisorId: "s", driver: "d" }, "agent"),
  });
  const warm = runningContainer({
    name: "tollgate-warm-x-user",
    labels: { ...warmLabels({ experiment: "x" }, "user"), "tollgate.ports": "30050,30100" },
  });
  expect(heldByOthers(agent, [ofRun, warm])).toEqual([
    "GPU 1 of the agent engine is held by container tollgate-r-agent of run r",
    "port 30050 of the agent engine is held by container tollgate-warm-x-user, which `tollgate up` keeps for x",
  ]);
});

test("containers with other GPUs and ports are nobody's trouble, nor are those that name no port", () => {
  const others = [
    runningContainer({ gpus: ["2", "3"], labels: { "tollgate.ports": "31000,31050" } }),
    runningContainer({ gpus: [], labels: { "tollgate.ports": "" } }),
    runningContainer({}),
  ];
  expect(heldByOthers(agent, others)).toEqual([]);
});

test("a port that some program listens on is refused before a server loads weights for it", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const plan = enginePlan({ gpus: [], ports: String(port) });
  await expect(refuseTakenPorts(plan)).rejects.toThrow(
    `Port ${port} of the agent engine is taken on this machine`,
  );
  taken.close();
  await once(taken, "close");
  await expect(refuseTakenPorts(plan)).resolves.toBeUndefined();
});
