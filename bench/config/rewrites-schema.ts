import { z } from "zod";

/** `rewrites:` of an arm of any kind. */
export const rewrites = z
  .array(
    z
      .string()
      .regex(
        /^[^\s.[\]]+([.[][^\s.[\]]*\]?)*$/,
        "write a place such as tools.strict, seed or messages[*].name",
      ),
  )
  .optional()
  .describe(
    "Places that the gateway rewrites by design: tools.strict, seed, messages[*].name, answer.finish_reason. They are counted and listed, and make no cell request-altered or answer-altered. A place stands for everything below it",
  );
