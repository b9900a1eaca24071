interface Placed {
  readonly arm: string;
  readonly load: string;
  /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
  readonly variant?: string | undefined;
}

/** Where cells are compared, arm with arm: one load on one configuration of the engine. `closed:4`, or `closed:4 fp8`. */
export function placeOf({ load, variant }: Pick<Placed, "load" | "variant">): string {
  return variant === undefined ? load : `${load} ${variant}`;
}

/** Whom cells of all loads belong to: an arm on one configuration of the engine. `gateway`, or `gateway fp8`. */
export function wayOf({ arm, variant }: Pick<Placed, "arm" | "variant">): string {
  return variant === undefined ? arm : `${arm} ${variant}`;
}

/** In their order; one group without a name where there are no variants. */
export function byVariant<Of>(
  items: readonly Of[],
  variantOf: (item: Of) => string | undefined,
): readonly { readonly variant: string | undefined; readonly items: readonly Of[] }[] {
  return [...Map.groupBy(items, variantOf)].map(([variant, own]) => ({ variant, items: own }));
}
