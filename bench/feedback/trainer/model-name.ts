/** The name by which chat requests reach an adapter, as the service derives it from the adapter's id. */
export function modelName(loraId: string): string {
  const name = loraId
    .replace(/^\/+|\/+$/gu, "")
    .replaceAll(/[^a-zA-Z0-9._-]+/gu, "-")
    .replace(/^-+|-+$/gu, "");
  return name === "" ? "lora" : name;
}

/**
 * What is wrong where an answer names a model that cannot be the one that was asked; null where it can be. Services put the name of a
 * provider in front, or answer without one; CLaaS calls a model without a name `default`.
 */
export function otherModel(said: string | null, asked: string): string | null {
  const name = said?.toLowerCase() ?? "";
  const wanted = asked.toLowerCase();
  if (name === "" || name === "default" || name.includes(wanted) || wanted.includes(name)) return null;
  return `the answer of ${said}, and ${asked} was asked: what that model has learned is not in it`;
}
