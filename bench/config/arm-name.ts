import { z } from "zod";

/** An arm's cells, and with them folders and files, are named after it. */
export const armName = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w.-]{0,40}$/,
    "is no name for an arm: write up to 41 letters, digits, dots, dashes and underscores, a letter or a digit first",
  )
  .describe("Name in tables and folders; different in every arm");
