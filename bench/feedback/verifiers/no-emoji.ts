import { z } from "zod";
import { emojiIn, symbolsIn } from "../text/emoji.ts";
import { whole } from "./verified.ts";
import { verifierKind } from "./kind.ts";

const rules = {
  symbols: {
    find: symbolsIn,
    says: "no character of Unicode's category So or of a block of emoji (as CLaaS counts: © and ™ are emoji, the keycap 1️⃣ is none)",
  },
  unicode: {
    find: emojiIn,
    says: "no emoji as Unicode recommends them for interchange (the keycap 1️⃣ is one; © and ™ only as pictures)",
  },
} as const;

export const noEmoji = verifierKind({
  kind: "no_emoji",
  target: "claas.eval.metrics.verifiers.NoEmojiVerifier",
  schema: z.strictObject({
    kind: z.literal("no_emoji"),
    count: z
      .enum(["symbols", "unicode"])
      .default("symbols")
      .describe("What is an emoji: `symbols` as CLaaS counts, `unicode` what Unicode's list of emoji has"),
  }),
  make: ({ count }) => ({
    rule: rules[count].says,
    verify: async (response) => {
      const found = rules[count].find(response);
      if (found.length === 0) return whole(true, null);
      const shown = [...new Set(found)].slice(0, 5).join(" ");
      return whole(false, `${found.length} emoji: ${shown}`);
    },
  }),
});
