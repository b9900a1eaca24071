import type { KubernetesManifest } from "../kubectl/kubernetes-object.ts";
import { trackingUriOf } from "./mlflow.ts";
import { experimentData } from "./experiment-text.ts";
import { ownLabels } from "./own-labels.ts";
import type { ClusterSettings } from "./settings.ts";
import { resultsClaim, volumeClaim } from "./volume-claim.ts";

export const configurationName = "clawbench-config";
export const experimentName = "clawbench-experiment";
const app = "clawbench";

/**
 * All keys, and no others: what an earlier deployment said and this one does not must not stay, least of all the id of an
 * experiment, which beats its name.
 */
export function configurationMap(settings: ClusterSettings): KubernetesManifest {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: configurationName, namespace: settings.namespace, labels: ownLabels(app) },
    data: {
      CLAWBENCH_MODEL: settings.model,
      OPENAI_API_BASE: settings.openaiBase ?? "",
      ...settings.evaluation,
      MLFLOW_TRACKING_URI: trackingUriOf(settings),
      ...(settings.experimentId !== null && { MLFLOW_EXPERIMENT_ID: settings.experimentId }),
      MLFLOW_EXPERIMENT_NAME: settings.experimentName,
    },
  };
}

/** An experiment file of Tollgate's, which the sidecar runs in place of what `clawbench-config` describes. */
export function experimentMap(namespace: string, text: string): KubernetesManifest {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: experimentName, namespace, labels: ownLabels(app) },
    data: experimentData(text),
  };
}

export function resultsVolumeClaim({ namespace, storageClass }: ClusterSettings): KubernetesManifest {
  return volumeClaim({ name: resultsClaim, namespace, app, size: "10Gi", storageClass });
}
