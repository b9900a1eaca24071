import { ConfigError } from "../errors.ts";
import type { ServerExperiment } from "./client/answers.ts";
import type { MlflowClient } from "./client/mlflow-client.ts";
import { MlflowError } from "./client/refusal.ts";
import type { MlflowTarget } from "./client/target.ts";

/** The id of the experiment that is meant. One by id must be there; one by name is created, also when others do so at once. */
export async function experimentFor(client: MlflowClient, target: MlflowTarget): Promise<string> {
  const { experiment: chosen, url } = target;
  if ("id" in chosen) {
    const found = await client.experiment({ id: chosen.id });
    if (found !== null) return active(found, url);
    throw new MlflowError(
      `MLflow at ${url} has no experiment with the id ${chosen.id}. Only one that is there can be named by its id; give its name to have it created.`,
      { status: 404, errorCode: "RESOURCE_DOES_NOT_EXIST" },
    );
  }
  const { name } = chosen;
  if (name.length > nameCharactersMax)
    throw new ConfigError(
      `The name of the experiment has ${name.length} characters; MLflow takes ${nameCharactersMax}.`,
    );
  const found = await client.experiment({ name });
  if (found !== null) return active(found, url);
  try {
    return await client.createExperiment(name);
  } catch (error) {
    if (!(error instanceof MlflowError) || error.errorCode !== "RESOURCE_ALREADY_EXISTS") throw error;
    const other = await client.experiment({ name });
    if (other === null) throw error;
    return active(other, url);
  }
}

const nameCharactersMax = 500;

function active({ experiment_id: id, name, lifecycle_stage: stage }: ServerExperiment, url: string): string {
  if (stage !== "deleted") return id;
  throw new MlflowError(
    `The experiment ${name} (id ${id}) of MLflow at ${url} was deleted, and nothing can be logged into it. Restore it (\`mlflow experiments restore -x ${id}\`), or choose another name.`,
    { status: 200, errorCode: null },
  );
}
