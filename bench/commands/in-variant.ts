import { Option } from "commander";
import type { Experiment } from "../config/experiment.ts";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { variantNames, withVariant } from "../config/variants.ts";
import { ConfigError } from "../errors.ts";

export interface VariantFlag {
  readonly variant?: string;
}

/** Of commands that measure one configuration of the engine. */
export function variantOption(): Option {
  return new Option("--variant <name>", "the one of sweep.variants to measure");
}

/**
 * The experiment as it is in one variant, and without any other.
 * @throws {ConfigError} where the experiment has variants and none of them is named, or another one
 */
export function inVariant(
  loaded: LoadedExperiment,
  { variant }: VariantFlag,
  command: string,
): LoadedExperiment {
  const names = variantNames(loaded.experiment);
  if (names.length === 0 && variant === undefined) return loaded;
  if (variant === undefined)
    throw new ConfigError(
      `The experiment has ${names.length} variants (${names.join(", ")}), and \`${command}\` measures one configuration. Add --variant ${names[0] ?? ""}, or another of them.`,
    );
  if (!names.includes(variant))
    throw new ConfigError(
      `--variant ${variant}: the experiment has ${names.length === 0 ? "no sweep.variants" : `the variants ${names.join(", ")}`}.`,
    );
  const { experiment, recorded, written } = loaded;
  return {
    ...loaded,
    experiment: only(experiment, variant),
    recorded: only(recorded, variant),
    written: only(written, variant),
  };
}

function only(experiment: Experiment, variant: string): Experiment {
  const { variants: _others, ...sweep } = withVariant(experiment, variant).sweep;
  return { ...withVariant(experiment, variant), sweep };
}

/** The experiment in each of its variants; itself where it has none. */
export function eachVariant(
  experiment: Experiment,
): readonly { readonly variant: string | undefined; readonly experiment: Experiment }[] {
  const names = variantNames(experiment);
  if (names.length === 0) return [{ variant: undefined, experiment }];
  return names.map((variant) => ({ variant, experiment: withVariant(experiment, variant) }));
}
