import { join } from "node:path";
import { ConfigError } from "../../../bench/errors.ts";
import { readPromptFile } from "./prompt-file.ts";

/** Which policy of a data folder is wanted. `telecom-workflow` is telecom with the other support text. */
export interface PolicyVariant {
  readonly domain: string;
  readonly solo?: boolean;
}

type PolicyFiles =
  | { readonly form: "one-file"; readonly policy: string }
  | { readonly form: "main-and-support"; readonly main: string; readonly support: string };

const TELECOM = "tau2/domains/telecom";
// tau2 gives the solo agent the ordinary manual and has a solo text for the workflow only.
const TELECOM_SUPPORT: Readonly<Record<string, { readonly normal: string; readonly solo: string }>> = {
  telecom: { normal: "tech_support_manual.md", solo: "tech_support_manual.md" },
  "telecom-workflow": { normal: "tech_support_workflow.md", solo: "tech_support_workflow_solo.md" },
};
const WITHOUT_SOLO = new Set(["airline", "retail", "banking_knowledge"]);

/** The policy's files, relative to the data folder, in the order in which they are joined. */
export function policyFiles(variant: PolicyVariant): readonly string[] {
  const files = filesOf(variant);
  return files.form === "one-file" ? [files.policy] : [files.main, files.support];
}

/** The agent's policy text. Throws `ConfigError` for a missing file or a domain that has no solo mode. */
export function readPolicy(dataDirectory: string, variant: PolicyVariant): string {
  const read = (file: string): string => readPromptFile(join(dataDirectory, file), "policy");
  const files = filesOf(variant);
  if (files.form === "one-file") return read(files.policy);
  return (
    `<main_policy>\n${read(files.main)}\n</main_policy>\n` +
    `<tech_support_policy>\n${read(files.support)}\n</tech_support_policy>`
  );
}

function filesOf({ domain, solo = false }: PolicyVariant): PolicyFiles {
  if (solo && WITHOUT_SOLO.has(domain)) {
    throw new ConfigError(`Domain ${domain} has no solo mode. Use mock or telecom, or leave solo mode off.`);
  }
  const support = Object.hasOwn(TELECOM_SUPPORT, domain) ? TELECOM_SUPPORT[domain] : undefined;
  if (support !== undefined) {
    return {
      form: "main-and-support",
      main: `${TELECOM}/${solo ? "main_policy_solo.md" : "main_policy.md"}`,
      support: `${TELECOM}/${solo ? support.solo : support.normal}`,
    };
  }
  return { form: "one-file", policy: `tau2/domains/${domain}/${solo ? "policy_solo.md" : "policy.md"}` };
}
