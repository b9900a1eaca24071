import { join } from "node:path";
import { messageOf } from "../../errors.ts";
import { systemClock } from "../../measure/clock.ts";
import { sandboxesOfRun } from "../../sandbox/choice/sandboxes-of-run.ts";
import type { LiveRun } from "../../run/run-life.ts";
import type { StopRequest } from "../../run/stop-request.ts";
import { startTap, type TapClient } from "../../tap/client.ts";
import type { FeedbackSettings } from "../config/settings.ts";
import type { FeedbackMetric } from "../metrics/metric.ts";
import { ServingWindows } from "../serving/windows.ts";
import { WorkEvidence } from "../serving/work-evidence.ts";
import { httpTrainer, modelName } from "../trainer/http-trainer.ts";
import type { Trainer } from "../trainer/trainer.ts";
import type { Answers } from "./answers/answers.ts";
import { attachedAnswers } from "./answers/attached-answers.ts";
import { startEmbeddedAnswers } from "./answers/embedded-answers.ts";
import { proxyAnswers } from "./answers/proxy-answers.ts";
import { Interruption } from "./interruption.ts";
import type { LoopParts } from "./loop-parts.ts";
import { checkGateway, checkTrainer, gatewayToken, headersOf } from "./servers.ts";
import { startSimulatedTrainer } from "./simulated-trainer.ts";

export interface PartsOrder {
  readonly settings: FeedbackSettings;
  readonly metrics: readonly FeedbackMetric[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cacheDirectory: string;
  /** When this driver began. */
  readonly at: Date;
  readonly stop: StopRequest;
  readonly tell: (line: string) => void;
  readonly phase: (text: string) => void;
}

/** Starts or finds everything that the loop works with. @throws {StartError} */
export async function startParts(
  live: LiveRun,
  order: PartsOrder,
  stoppable: AsyncDisposableStack,
): Promise<LoopParts> {
  const { settings, stop } = order;
  const headers = headersOf(settings, order.environment);
  const url = await trainerUrl(live, order, stoppable);
  await checkTrainer(url, headers);
  const tap = stoppable.use(
    await startTap({
      logFile: join(live.run.logDirectory, "tap.log"),
      environment: live.childEnvironment,
      keeper: live.supervisor,
      signal: stop.asked,
      onEvidenceFailure: (message) => order.tell(`warning: ${message}`),
    }),
  );
  const { trainer, baseUrl } = await tappedTrainer(tap, { url, headers, mode: settings.mode, stop });
  const answers = stoppable.use(await startAnswers(live, order, { trainer, tap, baseUrl }));
  const { sandboxes, workspaces } = await sandboxesOfRun(
    // Nobody else runs code of the model.
    settings.metrics.includes("general") ? settings : { sandbox: { kind: "none" } },
    { ...live, logDirectory: live.run.logDirectory, environment: order.environment },
    live.run.path,
  );
  const { serving } = settings;
  return {
    settings,
    runDirectory: live.run.path,
    trainer,
    modelName,
    answers,
    metrics: order.metrics,
    evidence: new WorkEvidence(tap, live.run.path),
    windows:
      serving === null
        ? null
        : new ServingWindows({
            tap,
            load: { baseUrl, concurrency: serving.concurrency },
            seconds: serving.seconds,
            url,
            headers,
            signal: stop.cancelled,
          }),
    sandbox: sandboxes,
    scratchDirectory: workspaces,
    checkpoint: () => {
      if (!stop.admits()) throw new Interruption();
    },
    assertAlive: () => assertAlive(url, headers, settings),
    cancelled: stop.cancelled,
    nowMs: () => systemClock.nowNs() / 1e6,
    wallIso: () => systemClock.wallIso(),
    phase: order.phase,
    tell: order.tell,
  };
}

interface TrainerPlace extends Pick<PartsOrder, "stop"> {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly mode: FeedbackSettings["mode"];
}

/** The trainer behind a tap, which adds the headers. */
async function tappedTrainer(
  tap: TapClient,
  { url, headers, mode, stop }: TrainerPlace,
): Promise<{ readonly trainer: Trainer; readonly baseUrl: string }> {
  const { origin, pathname } = new URL(url);
  const secrets = Object.values(headers);
  const place = { name: "trainer", hop: "outer", arm: "trainer", upstream: origin } as const;
  const baseUrl = `${await tap.listen({ ...place, headers, secrets })}${pathname.replace(/\/+$/, "")}/v1`;
  return { baseUrl, trainer: httpTrainer({ baseUrl, mode, name: url, secrets, signal: stop.cancelled }) };
}

async function assertAlive(
  url: string,
  headers: Readonly<Record<string, string>>,
  { openclaw_url: openclaw }: FeedbackSettings,
): Promise<void> {
  await checkTrainer(url, headers);
  if (openclaw !== null && openclaw !== "embedded") await checkGateway(openclaw);
}

async function trainerUrl(
  live: LiveRun,
  order: PartsOrder,
  stoppable: AsyncDisposableStack,
): Promise<string> {
  const { settings, phase, stop, tell } = order;
  if (settings.claas_url !== null) return settings.claas_url;
  phase("starting the simulated trainer");
  const started = stoppable.use(
    await startSimulatedTrainer(settings.trainer ?? { kind: "simulated", law: null }, live.run.path, {
      childEnvironment: live.childEnvironment,
      logDirectory: live.run.logDirectory,
      keeper: live.supervisor,
      signal: stop.asked,
    }),
  );
  void started.exited.then(({ code, signal }) => {
    if (!stoppable.disposed)
      tell(`warning: the simulated trainer ended (exit code ${code ?? "none"}, signal ${signal ?? "none"})`);
  });
  return started.ready.url.replace(/\/+$/, "");
}

interface AnswerPlace {
  readonly trainer: Trainer;
  readonly tap: TapClient;
  /** Of the tap. */
  readonly baseUrl: string;
}

async function startAnswers(
  live: LiveRun,
  { settings, environment, cacheDirectory, stop, tell, phase, at }: PartsOrder,
  { trainer, tap, baseUrl }: AnswerPlace,
): Promise<Answers> {
  const token = gatewayToken(settings, environment);
  const { openclaw_url: url } = settings;
  if (url === null) return proxyAnswers(trainer);
  if (url !== "embedded") {
    await checkGateway(url);
    return attachedAnswers({ url, token: token ?? "" });
  }
  return await startEmbeddedAnswers({
    tap,
    baseUrl,
    modelName,
    model: settings.base_model,
    prefix: `f${at.getTime().toString(36)}`,
    context: {
      scratchDirectory: live.scratchDirectory,
      logDirectory: live.run.logDirectory,
      cacheDirectory,
      childEnvironment: live.childEnvironment,
      environment,
      signal: stop.asked,
      progress: (line) => tell(line),
      phase,
    },
  });
}

/** For a run whose parts could not be stopped: what went wrong is told, and the run's outcome stays. */
export async function stopParts(
  stoppable: AsyncDisposableStack,
  tell: (line: string) => void,
): Promise<void> {
  try {
    await stoppable.disposeAsync();
  } catch (error) {
    tell(`warning: a part of the run did not stop as it should: ${messageOf(error)}`);
  }
}
