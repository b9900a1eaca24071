import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { modelFolder } from "../gateway/recorded-run.ts";

/** Chat templates that behave as those of known families do, in our own words: files of `templates/`. */
export const templateKinds = ["qwen25-like", "qwen3-like", "qwen3-coder-like"] as const;
export type TemplateKind = (typeof templateKinds)[number];

export function templateSource(kind: TemplateKind): string {
  return readFileSync(new URL(`templates/${kind}.jinja`, import.meta.url), "utf8");
}

/** A model folder with the simulator's tokenizer and another template. */
export function writeModelFolder(directory: string, template: string): string {
  mkdirSync(directory, { recursive: true });
  copyFileSync(join(modelFolder, "tokenizer.json"), join(directory, "tokenizer.json"));
  const { chat_template: _template, ...config } = JSON.parse(
    readFileSync(join(modelFolder, "tokenizer_config.json"), "utf8"),
  ) as Record<string, unknown>;
  writeFileSync(join(directory, "tokenizer_config.json"), JSON.stringify(config, null, 2));
  writeFileSync(join(directory, "chat_template.jinja"), template);
  return directory;
}
