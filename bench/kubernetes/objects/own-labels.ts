/** Label of everything that is ours. What has it not is never deleted. */
export const managedBy = { key: "app.kubernetes.io/managed-by", value: "tollgate" } as const;

/** As a selector of `kubectl -l`. */
export const ownSelector = `${managedBy.key}=${managedBy.value}`;

/** `app` as the source has it, which its Services and Deployments select by. */
export function ownLabels(app: string): Readonly<Record<string, string>> {
  return { app, [managedBy.key]: managedBy.value };
}

export function isOurs(object: {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> | null | undefined };
}): boolean {
  return object.metadata.labels?.[managedBy.key] === managedBy.value;
}
