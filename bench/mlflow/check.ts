import { MlflowConnection, type MlflowConnectionOptions } from "./client/connection.ts";
import { MlflowClient } from "./client/mlflow-client.ts";
import { experimentFor } from "./experiment.ts";
import type { MlflowTarget } from "./client/target.ts";

/**
 * Whether a run can be logged: the server answers to its name, takes the credentials, and has the experiment, which is created where it
 * is meant by its name. `GET /health` would say nothing of the kind. Throws MlflowError.
 */
export async function checkMlflow(
  target: MlflowTarget,
  options: MlflowConnectionOptions,
): Promise<{ readonly version: string | null; readonly experimentId: string }> {
  const client = new MlflowClient(new MlflowConnection(target, options));
  const experimentId = await experimentFor(client, target);
  return { version: await client.version(), experimentId };
}
