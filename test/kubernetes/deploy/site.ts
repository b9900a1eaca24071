import type { Site } from "../../../bench/kubernetes/deploy/site.ts";
import { clusterSettings } from "../../../bench/kubernetes/objects/settings.ts";
import { FakeCluster } from "../fake-cluster.ts";

export const secretWords = { OPENAI_API_KEY: "sk-very-secret-key" };

/** A cluster without anything in it, and what is put there by the environment of somebody. */
export function fakeSite(
  environment: Readonly<Record<string, string>> = secretWords,
  change: Partial<Site> = {},
): { readonly cluster: FakeCluster; readonly site: Site; readonly told: string[] } {
  const cluster = new FakeCluster();
  const told: string[] = [];
  const site: Site = {
    kubectl: cluster.kubectl,
    settings: clusterSettings({ CLAWBENCH_NAMESPACE: "ns", CLAWBENCH_IMAGE: "ours:1", ...environment }),
    environment,
    tell: (text) => told.push(text),
    adopt: false,
    timeoutMs: 2_500,
    settleMs: 0,
    newToken: () => "generated-token",
    ...change,
  };
  return { cluster, site, told };
}
