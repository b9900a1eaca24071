import { z } from "zod";
import { whole } from "./verified.ts";
import { verifierKind } from "./kind.ts";

export const identity = verifierKind({
  kind: "identity",
  target: "claas.eval.metrics.verifiers.IdentityVerifier",
  schema: z.strictObject({
    kind: z.literal("identity"),
    name: z.string().trim().min(1).default("Kuro").describe("What the model should call itself"),
  }),
  make: ({ name }) => ({
    rule: `the name ${name} stands in it, in letters of either case`,
    verify: async (response) => whole(response.toLowerCase().includes(name.toLowerCase()), null),
  }),
});
