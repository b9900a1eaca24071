import type { Panel } from "./soak-chart.ts";
import type { ProcessReading } from "./observed-processes.ts";

export interface SoakReading {
  readonly seconds: number;
  /** Episodes that have ended. */
  readonly episodes: number;
  readonly processes: readonly ProcessReading[];
}

/** How one process changed from the first third of the episodes to the last one. */
export interface Growth {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** Slope over all episodes but the first tenth, in which every process still loads and compiles. */
  readonly perThousand: number;
}

/** What a soak saw, in order. Several processes of one name (OpenClaw's) are one line with their sum. */
export class SoakLog {
  readonly #readings: SoakReading[] = [];

  add(reading: SoakReading): void {
    this.#readings.push(reading);
  }

  panels(): readonly Panel[] {
    return [
      { title: "memory, MB", lines: this.#lines("megabytes") },
      { title: "open descriptors", lines: this.#lines("descriptors") },
      { title: "CPU, ms an episode", lines: this.cpuMsPerEpisode() },
      { title: "episodes a minute", lines: [{ name: "all", points: this.speed() }] },
    ];
  }

  growth(what: "megabytes" | "descriptors"): readonly Growth[] {
    return this.#lines(what).map(({ name, points }) => {
      const last = points.at(-1)?.[0] ?? 0;
      // When the last episode has ended the driver writes the report, which is no part of what grows with episodes.
      const settled = points.filter(([at]) => at >= last / 10 && at < last);
      const third = Math.max(1, Math.floor(settled.length / 3));
      return {
        name,
        first: meanOfY(settled.slice(0, third)),
        last: meanOfY(settled.slice(-third)),
        perThousand: slope(settled) * 1000,
      };
    });
  }

  /** Episodes a minute between two readings that lie far enough apart to tell. */
  speed(): readonly (readonly [number, number])[] {
    return this.#stretches().map(({ from, to }) => [
      to.episodes,
      ((to.episodes - from.episodes) * 60) / (to.seconds - from.seconds),
    ]);
  }

  /** What an episode took of each process between the same readings: unlike the speed it does not tell of who else was there. */
  cpuMsPerEpisode(): Panel["lines"] {
    return this.#names().map((name) => ({
      name,
      points: this.#stretches().flatMap(({ from, to }) => {
        const [before, after] = [cpuSecondsOf(from, name), cpuSecondsOf(to, name)];
        const episodes = to.episodes - from.episodes;
        // A process that was replaced begins at zero again.
        if (before === null || after === null || after < before || episodes === 0) return [];
        return [[to.episodes, ((after - before) * 1000) / episodes] as const];
      }),
    }));
  }

  csv(): string {
    const rows = this.#readings.flatMap(({ seconds, episodes, processes }) =>
      processes.map(({ name, megabytes, descriptors, cpuSeconds }) =>
        [seconds.toFixed(1), episodes, name, megabytes.toFixed(1), descriptors, cpuSeconds.toFixed(2)].join(
          ",",
        ),
      ),
    );
    return ["seconds,episodes,process,megabytes,descriptors,cpu_seconds", ...rows, ""].join("\n");
  }

  /** While episodes still end: afterwards taps finish their files and the driver writes the report, which is no episode's time. */
  #stretches(): readonly { readonly from: SoakReading; readonly to: SoakReading }[] {
    const stretches = [];
    const last = this.#readings.at(-1)?.episodes ?? 0;
    let from = this.#readings[0];
    for (const to of this.#readings.filter(({ episodes }) => episodes < last)) {
      if (from === undefined || to.seconds - from.seconds < 20) continue;
      stretches.push({ from, to });
      from = to;
    }
    return stretches;
  }

  #names(): readonly string[] {
    return [...new Set(this.#readings.flatMap(({ processes }) => processes.map(({ name }) => name)))];
  }

  #lines(what: "megabytes" | "descriptors"): Panel["lines"] {
    return this.#names().map((name) => ({
      name,
      points: this.#readings.flatMap(({ episodes, processes }) => {
        const own = processes.filter((one) => one.name === name);
        return own.length === 0 ? [] : [[episodes, own.reduce((sum, one) => sum + one[what], 0)] as const];
      }),
    }));
  }
}

function cpuSecondsOf({ processes }: SoakReading, name: string): number | null {
  const own = processes.filter((one) => one.name === name);
  return own.length === 0 ? null : own.reduce((sum, one) => sum + one.cpuSeconds, 0);
}

function meanOfY(points: readonly (readonly [number, number])[]): number {
  return points.reduce((sum, [, y]) => sum + y, 0) / points.length;
}

/** Of the line of least squares; 0 where all places are one. */
function slope(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = meanOfY(points);
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
}
