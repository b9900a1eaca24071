import type { Experiment } from "../config/experiment.ts";
import { ConfigError } from "../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Sent where no key is named: servers without keys take any. */
export const noKey = "none";

/** The key of an engine that is not Tollgate's own. @throws {ConfigError} when the variable that is named for it has no value */
export function engineKey(
  role: "agent" | "user",
  { apiKeyEnv }: { readonly apiKeyEnv?: string | undefined },
  environment: Environment,
): string {
  return apiKeyEnv === undefined ? noKey : valueOf(apiKeyEnv, `stack.${role}.apiKeyEnv`, environment);
}

/** Every key that an experiment names has a value, asked before anything is started. @throws {ConfigError} */
export function checkKeys(
  { stack, arms }: Pick<Experiment, "stack" | "arms">,
  environment: Environment,
): void {
  if (stack.kind === "attach" || stack.kind === "process") {
    for (const role of ["agent", "user"] as const) {
      const spec = stack[role];
      if ("apiKeyEnv" in spec) engineKey(role, spec, environment);
    }
  }
  for (const arm of arms) {
    for (const setting of ["apiKeyEnv", "adminKeyEnv"] as const) {
      const variable: unknown = setting in arm ? Reflect.get(arm, setting) : undefined;
      if (typeof variable === "string") valueOf(variable, `arm ${arm.name}: ${setting}`, environment);
    }
  }
}

function valueOf(variable: string, setting: string, environment: Environment): string {
  const value = environment[variable];
  if (value) return value;
  throw new ConfigError(
    `${setting} names the environment variable ${variable}, which is ${value === "" ? "empty" : "not set"}. Export ${variable} with the server's key, or leave the setting out where the server needs none.`,
  );
}
