import { z } from "zod";

const kind = z
  .enum(["auto", "docker", "bwrap", "unshare", "none"])
  .describe(
    "auto: docker where an engine answers and the image is there, else bwrap, else unshare. none: no sandbox at all",
  );

const mapping = z.strictObject({
  kind: kind.default("auto"),
  image: z
    .string()
    .min(1)
    .optional()
    .describe("For docker: the image that commands run in; it is never pulled"),
});

/** What holds the commands that agents and tasks run: a kind, or a mapping. After loading it is always the mapping. */
export const sandboxSchema = z
  .union([kind.transform((one) => ({ kind: one })), mapping])
  .describe("What holds the commands of agents that work in a workspace");

export interface SandboxSetting {
  readonly kind: z.infer<typeof kind>;
  readonly image?: string | undefined;
}

/** What one attempt may use; a task has no say in it. */
export const defaultLimits = {
  processes: 256,
  memoryBytes: 2 * 1024 ** 3,
  fileBytes: 256 * 1024 ** 2,
  diskBytes: 1024 ** 3,
} as const;
