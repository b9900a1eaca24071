import { statfs } from "node:fs/promises";
import { messageOf } from "../../errors.ts";
import { failed, notChecked, ok, warning, type Check } from "../check.ts";

/** Allowance for an episode, a guess on the safe side: our own short domain took about 20 KiB each with bodies. */
const episodeBytes = { withBodies: 256 << 10, withoutBodies: 96 << 10 };
/** Logs, snapshots and the report. */
const runBytes = 64 << 20;

export const diskCheck: Check = {
  name: "disk",
  proves: "the output folder has room for what is left of the run",
  async run({ experiment, output }) {
    const on = `folder ${output.directory}`;
    const each = experiment.output.bodies ? episodeBytes.withBodies : episodeBytes.withoutBodies;
    const needed = runBytes + output.episodes * each;
    let free: number;
    try {
      const { bavail, bsize } = await statfs(output.directory);
      free = bavail * bsize;
    } catch (error) {
      return { findings: [notChecked(on, `its free space is not known: ${messageOf(error)}`)] };
    }
    const text = `${mebibytes(free)} free, about ${mebibytes(needed)} needed (${output.episodes} episodes x ${each >> 10} KiB + ${mebibytes(runBytes)})`;
    const change = "Free space, choose another folder with --out, or set output.bodies: false.";
    if (free < needed) return { findings: [failed(on, text, change)] };
    return { findings: [free < 2 * needed ? warning(on, text, change) : ok(on, text)] };
  },
};

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
