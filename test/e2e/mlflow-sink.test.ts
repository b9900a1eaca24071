import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { startFakeMlflow } from "../mlflow/fake-mlflow.ts";
import { lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { expectExit, tollgate } from "./tollgate-process.ts";

const credentials = { MLFLOW_TRACKING_USERNAME: "u", MLFLOW_TRACKING_PASSWORD: "p" };
const authorization = `Basic ${Buffer.from("u:p").toString("base64")}`;

test("a run is in MLflow when it has ended, with its cell, by the credentials of the environment", async () => {
  await using server = await startFakeMlflow({ authorization });
  using place = new Workplace();
  place.write({ arms: [{ kind: "raw" }], sinks: [{ kind: "mlflow", uri: server.url, experiment: "mine" }] });
  const swept = await tollgate(["sweep", place.file, "--out", place.runs, ...unchecked], {
    ...place.environment,
    ...credentials,
  });
  expectExit(swept, 0);
  expect(swept.stderr).not.toMatch(/sink/);
  const run = lastLine(swept);
  const parts = server.store.byPart();
  expect([...parts.keys()]).toEqual(["run", "c2-r0-raw"]);
  expect(parts.get("run")).toMatchObject({ name: basename(run), status: "FINISHED", experimentId: "1" });
  expect(parts.get("c2-r0-raw")).toMatchObject({ status: "FINISHED" });
  expect(server.store.experiments[1]).toMatchObject({ name: "mine" });
  const logged = ["mlflow", "log", run, "--uri", server.url, "--experiment", "mine"];
  const again = await tollgate(logged, credentials);
  expectExit(again, 0);
  expect(again.stdout).toMatch(/^nothing to add, all of it is there: http/);
  const refused = await tollgate(logged, { ...credentials, MLFLOW_TRACKING_PASSWORD: "other" });
  expectExit(refused, 1);
  expect(refused.stderr).toMatch(/The credentials in the environment are not good for this/);
});

test("a server that is not there leaves the run as it is; how to catch up is said, and works", async () => {
  using place = new Workplace();
  const away = { kind: "mlflow", uri: "http://127.0.0.1:9", experimentId: "0" };
  place.write({ arms: [{ kind: "raw" }], sinks: [away] });
  const swept = await place.sweep(...unchecked);
  expectExit(swept, 0);
  const run = lastLine(swept);
  const lost = readFileSync(join(run, "logs", "sinks.log"), "utf8");
  expect(lost).toMatch(/1 run-started failed; 1 run-ended failed/);
  const [, command = ""] = /Log it later: (tollgate .*)$/m.exec(lost) ?? [];
  expect(command).toBe(`tollgate mlflow log ${run} --uri http://127.0.0.1:9 --experiment-id 0`);
  await using server = await startFakeMlflow();
  const words = command.split(" ").slice(1);
  const logged = await tollgate(words.map((word) => (word.startsWith("http") ? server.url : word)));
  expectExit(logged, 0);
  expect(logged.stdout).toMatch(/^logged as FINISHED, 1 child, \d+ values, 7 files: http/);
});
