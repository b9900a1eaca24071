/** How evidence of a server names the variant, which only the agent's engine has. */
export function variantOf(role: "agent" | "user", variant: string | undefined) {
  const own = role === "agent" ? variant : undefined;
  return own === undefined ? { field: {}, suffix: "" } : { field: { variant: own }, suffix: `--${own}` };
}
