import { z } from "zod";

/** Where an arm's programs run: processes of this machine, or a container of an image. */
export const container = {
  image: z
    .string()
    .optional()
    .describe("Image to run it in, on the host's network; default: a process of this machine"),
  volumes: z
    .array(
      z
        .string()
        .regex(/^\/[^:]+:\/[^:]+(:ro|:rw)?$/, "write /folder/here:/folder/there, with :ro for read-only"),
    )
    .default([])
    .describe("Folders that a container sees, /here:/there[:ro]; for the tokenizer, the weights"),
};
