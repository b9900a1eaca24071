/** The name by which chat requests reach an adapter, as the service derives it from the adapter's id. */
export function modelName(loraId: string): string {
  const name = loraId
    .replace(/^\/+|\/+$/gu, "")
    .replaceAll(/[^a-zA-Z0-9._-]+/gu, "-")
    .replace(/^-+|-+$/gu, "");
  return name === "" ? "lora" : name;
}
