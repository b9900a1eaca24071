import { withoutApiPath } from "../../../bench/config/base-url.ts";
import { ConfigError } from "../../../bench/errors.ts";
import type { TasksSection } from "../contract/section.ts";
import type { TaskJudge } from "../scoring/judge.ts";

/** The judge that a section names, with its key; null: it names none. @throws {ConfigError} when its key is not there */
export function judgeOf(
  { judge }: Pick<TasksSection, "judge">,
  environment: Readonly<Record<string, string | undefined>>,
): TaskJudge | null {
  if (judge === undefined) return null;
  const { url, model, apiKeyEnv, affectsScore } = judge;
  const apiKey = apiKeyEnv === undefined ? null : environment[apiKeyEnv];
  if (apiKey === undefined || apiKey === "")
    throw new ConfigError(`workload.judge.apiKeyEnv names ${String(apiKeyEnv)}, which is not set.`);
  return { baseUrl: `${withoutApiPath(url)}/v1`, model, apiKey, affectsScore };
}
