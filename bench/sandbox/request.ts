import { lstatSync } from "node:fs";
import { isAbsolute, normalize } from "node:path";
import { StartError } from "../errors.ts";
import type { SandboxRequest } from "./sandbox.ts";

/** Folders of a sandbox's root that are its own; nothing else is put on them or below them. */
const taken = /^\/(usr|bin|sbin|lib\w*|etc|dev|proc|tmp|run|var|old|workspace)(\/|$)/;

/** @throws {StartError} when a sandbox cannot be what is asked for, on any kind */
export function checkRequest({ name, workspace, readOnly }: SandboxRequest): void {
  const refuse = (why: string) => new StartError("sandbox", `The sandbox ${name} was not started: ${why}.`);
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw refuse("its name must be made of a-z, 0-9 and hyphens");
  const facts = lstatSync(workspace, { throwIfNoEntry: false });
  if (!isAbsolute(workspace) || facts?.isDirectory() !== true)
    throw refuse(`its workspace ${workspace} is no folder with an absolute path`);
  for (const { from, to } of readOnly) {
    if (!isAbsolute(to) || normalize(to) !== to || to === "/" || taken.test(to))
      throw refuse(
        `${from} cannot be seen inside as ${to}; name a path that begins with a folder of its own, e.g. /task`,
      );
    if (lstatSync(from, { throwIfNoEntry: false }) === undefined) throw refuse(`${from} is not there`);
  }
}
