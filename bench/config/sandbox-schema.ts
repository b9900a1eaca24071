import { z } from "zod";

const kinds = ["auto", "docker", "bwrap", "unshare", "none"] as const;
const kindSchema = z.enum(kinds);

const mapping = z.strictObject({
  kind: kindSchema
    .default("auto")
    .describe(
      "auto: docker where an engine answers and the image is there, else bwrap, else unshare. none: no sandbox at all",
    ),
  image: z
    .string()
    .min(1)
    .optional()
    .describe("For docker: the image that commands run in; it must be there, nothing is pulled"),
});

/** What holds the commands of agents and tasks. */
export interface SandboxSetting {
  readonly kind: z.infer<typeof kindSchema>;
  readonly image?: string | undefined;
}

/**
 * A kind, or a mapping. Absent afterwards where it says what goes without saying, so that ids and stored experiments stay
 * what they were.
 */
export const sandboxSchema = z
  .union([kindSchema, mapping], {
    error: ({ input }) => (typeof input === "object" ? undefined : `write ${kinds.join(", ")}`),
  })
  .superRefine((written, context) => {
    if (typeof written === "string" || written.image === undefined) return;
    if (written.kind === "auto" || written.kind === "docker") return;
    const message = `only docker has images; ${written.kind} uses the programs of this machine`;
    context.addIssue({ code: "custom", path: ["image"], message });
  })
  .transform((written): SandboxSetting | undefined => {
    const setting = typeof written === "string" ? { kind: written } : written;
    return setting.kind === "auto" && setting.image === undefined ? undefined : setting;
  })
  .optional()
  .describe(
    "What holds the commands that agents run in a workspace: auto (default), docker, bwrap, unshare or none, or a mapping of kind and image",
  );

export function sandboxOf({ sandbox }: { readonly sandbox?: SandboxSetting | undefined }): SandboxSetting {
  return sandbox ?? { kind: "auto" };
}

/** What one attempt may use; a task has no say in it. */
export const defaultLimits = {
  processes: 256,
  memoryBytes: 2 * 1024 ** 3,
  fileBytes: 256 * 1024 ** 2,
  diskBytes: 1024 ** 3,
} as const;
