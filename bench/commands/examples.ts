import type { Command } from "commander";

/** Command lines that teach, by command, as they are typed; what stands behind two spaces explains. */
const examplesOf: Readonly<Record<string, readonly string[]>> = {
  tasks: ["tollgate tasks list", "tollgate tasks show memory-three-rules"],
  "tasks list": [
    "tollgate tasks list      those that ship with Tollgate",
    "tollgate tasks list ~/skills/agentbench --fast --suite memory      of a copy of AgentBench's skill",
    "tollgate tasks list ~/clawbench --tier 1 --tier 2 --json",
  ],
  "tasks show": [
    "tollgate tasks show memory-three-rules",
    "tollgate tasks show t1-bugfix-discount ~/clawbench",
  ],
  schema: [
    "tollgate schema > experiment.schema.json",
    "  then, as the first line of an experiment:  # yaml-language-server: $schema=experiment.schema.json",
    "tollgate schema --of records      what a line of records.jsonl holds",
  ],
  init: [
    "tollgate init      asks which servers are meant",
    "tollgate init --agent http://127.0.0.1:30000 --user http://127.0.0.1:30001 -o mine.yaml",
    "tollgate init --agent http://127.0.0.1:30000/v1 --gateway http://127.0.0.1:8080 --key-env ENGINE_KEY --env-file .env",
    "tollgate init --simulated -o try.yaml",
  ],
  doctor: ["tollgate doctor", "tollgate doctor --json | jq '.findings[] | select(.status != \"ok\")'"],
  plan: [
    "tollgate plan experiments/seed-001.yaml",
    "tollgate plan experiments/airline.yaml --set sweep.concurrency=[8] --set workload.trials=4",
    "tollgate plan experiments/laptop.yaml --from @last      time, by what the newest run took",
  ],
  preflight: [
    "tollgate preflight experiments/laptop.yaml",
    "AGENT_URL=http://127.0.0.1:30000 tollgate preflight experiments/attach.yaml --json",
  ],
  up: [
    "tollgate up experiments/node-8gpu.yaml",
    "tollgate sweep experiments/node-8gpu.yaml --set sweep.concurrency=[8]      adopts the servers and leaves them running",
    "tollgate down experiments/node-8gpu.yaml",
  ],
  down: ["tollgate down experiments/node-8gpu.yaml"],
  k8s: ["tollgate k8s up --namespace clawbench-eval", "tollgate k8s logs --namespace clawbench-eval"],
  "k8s up": ["CLAWBENCH_MODEL=anthropic/claude-sonnet-4-6 tollgate k8s up --namespace clawbench-eval"],
  "k8s openclaw": ["tollgate k8s openclaw --namespace clawbench-eval --storage-class fast"],
  "k8s mlflow": ["MLFLOW_NAMESPACE=mlflow tollgate k8s mlflow"],
  "k8s attach": [
    "tollgate k8s attach --namespace clawbench-eval",
    "tollgate k8s attach --namespace team-a --deployment gateway --experiment mine.yaml      beside a gateway of yours",
    "tollgate k8s attach --again      the same evaluation once more",
  ],
  "k8s detach": ["tollgate k8s detach --namespace clawbench-eval"],
  "k8s logs": ["tollgate k8s logs", "tollgate k8s logs --no-follow --tail 20"],
  "k8s cp": ["tollgate k8s cp results --namespace clawbench-eval && tollgate report results/runs/*"],
  "k8s run": [
    "tollgate k8s run experiments/mine.yaml --shards 4 --namespace evals",
    "tollgate k8s run experiments/mine.yaml --shards 4 --namespace evals --render > job.yaml",
  ],
  "k8s down": ["tollgate k8s down --namespace clawbench-eval"],
  "k8s render": [
    "tollgate k8s render --namespace clawbench-eval > clawbench.yaml",
    "tollgate k8s render mlflow | kubectl diff -f -",
  ],
  clean: [
    "tollgate clean --dry-run      what dead runs have left here, and what would happen to it",
    "tollgate clean @last",
    "tollgate clean --warm      also the servers that `tollgate up` keeps",
  ],
  runs: ["tollgate runs", "tollgate runs --out /data/runs --json"],
  status: [
    "tollgate status      the newest run in runs/",
    "tollgate status runs/airline-20260101T120000Z-1a2b3c --json",
  ],
  attach: [
    "tollgate sweep experiments/airline.yaml --detach",
    "tollgate attach      from any terminal, as often as you like",
  ],
  stop: ["tollgate stop", "tollgate resume @last      goes on later"],
  replay: [
    "tollgate replay @last --arms raw,gateway --repetitions 8 --load closed:4",
    "tollgate replay @last --arms raw,gateway --load closed:1,closed:8 --cache flush,cold --until ±1ms --repetitions 40",
    "tollgate replay @last --arms raw,raw      what this machine reports where there is nothing to find",
  ],
  resume: ["tollgate resume @last", "tollgate resume runs/airline-20260101T120000Z-1a2b3c --redo failed"],
  report: ["tollgate report @last --summary", "tollgate report @last --format html -o report.html"],
  tax: [
    "tollgate tax http://127.0.0.1:30000 http://127.0.0.1:8080",
    "tollgate tax http://127.0.0.1:30000 http://127.0.0.1:8080 --minutes 4 --load 1,8,32 --page tax.html",
    "tollgate tax $ENGINE $GATEWAY --max '+5ms' --json > tax.json      in CI: exit 6 when it adds more",
    "tollgate tax http://127.0.0.1:30000 http://127.0.0.1:30000      a server against itself: what this machine can see",
  ],
  feedback: [
    "tollgate feedback experiments/feedback-laptop.yaml",
    "tollgate feedback experiments/feedback-laptop.yaml 'preferences=[concise]' num_steps=4 serving=null",
    "tollgate feedback mine.yaml claas_url=http://HOST:8080 base_model=Qwen/Qwen3-8B training.is_clip=7.0",
  ],
  view: [
    "tollgate view      every run in runs/, in the browser",
    "tollgate view @last --port 8000 --no-open      on a node; then, where the browser is:  ssh -L 8000:127.0.0.1:8000 NODE",
  ],
  inspect: [
    "tollgate inspect @last                       its episodes, with their ids",
    "tollgate inspect @last 0123456789abcdef      one of them as a conversation",
    "tollgate inspect @last 0123456789abcdef --tokens      with token ids, logprobs and mask of every model call",
    "tollgate inspect @last --bytes               exit code 1 unless the model saw exactly the transcript",
  ],
  verify: [
    "tollgate verify @last              exit code 1 when a figure of its report is not what the evidence gives",
    "tollgate verify runs/NAME --json      every figure that differs, what was covered, and what was not, with why",
  ],
  collect: [
    "tollgate collect experiments/laptop.yaml --concurrency 4",
    "tollgate collect experiments/airline.yaml --group-size 8 --retry-infra 2 --min-reward 1 --detach",
    "tollgate resume @last",
  ],
  capacity: [
    "tollgate capacity experiments/capacity-laptop.yaml",
    "tollgate capacity experiments/node-8gpu.yaml --set 'sweep.slo={ttft_p95: 2s, itl_p95: 50ms}' --to 128",
    "tollgate resume @last      goes on with a search",
  ],
  export: [
    "tollgate export @last -o trajectories",
    "tollgate export @last --format sft --verify-template /models/Qwen3-8B -o chat-lines",
    "tollgate export @last --format areal --arm gateway --split train --min-reward 1 -o train",
    "tollgate export @last --format parquet --style individual -o table",
    "tollgate export @last --format requests -o tables      a row per model call and per episode, CSV and Parquet",
    "tollgate export @last --format otlp --endpoint http://127.0.0.1:4318",
  ],
  mlflow: ["tollgate mlflow log @last --uri http://127.0.0.1:5000"],
  "mlflow log": [
    "MLFLOW_TRACKING_URI=http://127.0.0.1:5000 tollgate mlflow log @last",
    "tollgate mlflow log @last --uri https://mlflow.example.com --experiment serving --traces",
  ],
  pack: [
    "tollgate pack @last -o run.tar.zst",
    "tollgate pack @last --public -o run-public.tar.gz      without keys, hosts, paths and user names",
  ],
  simulate: [
    "tollgate simulate --role agent --port 30000 --domain library",
    "tollgate simulate --role agent --port 0 --data path/to/tau2-bench/data --domain airline --fault drop-usage",
  ],
  gateway: [
    "ADMIN_KEY=secret tollgate gateway --engine http://127.0.0.1:30000 --port 8080 --admin-key-env ADMIN_KEY",
    "ADMIN_KEY=secret tollgate gateway --engine http://127.0.0.1:30000 --port 8080 --admin-key-env ADMIN_KEY --level L2 --tokenizer /models/Qwen3-8B --log calls.log",
  ],
  metrics: [
    "tollgate metrics snapshot http://127.0.0.1:30000 -o before.json",
    "tollgate metrics snapshot http://127.0.0.1:30000 -o after.json",
    "tollgate metrics diff before.json after.json",
  ],
  "metrics snapshot": [
    "tollgate metrics snapshot http://127.0.0.1:30000 -o before.json",
    "tollgate metrics snapshot http://127.0.0.1:30000 -o before.prom      the page as it came",
  ],
  "metrics diff": [
    "tollgate metrics diff before.json after.json",
    "tollgate metrics diff before.prom after.prom --wall-clock 60      plain pages do not know their time",
  ],
  "metrics monitor": ["tollgate metrics monitor http://127.0.0.1:30000 -i 5 --duration 600 -o engine.csv"],
  "metrics analyze": ["tollgate metrics analyze engine.csv"],
  compare: [
    "tollgate compare @prev @last",
    "tollgate compare runs/before runs/after --fail-on 'e2e_p50 > +5%' --fail-on 'reward < -0.02'",
    "tollgate compare @prev @last --format md > comparison.md",
    "tollgate compare baseline @last --fail-on 'e2e_p50 > +5%' --junit compare.xml      in CI",
  ],
  merge: [
    "tollgate merge runs/shard-0 runs/shard-1 -o runs/whole",
    "tollgate merge results/* -o runs/whole --partial      also where some are missing or not finished",
  ],
  judge: ["tollgate judge @last --url http://127.0.0.1:8000 --model some-judge --api-key-env JUDGE_KEY"],
  selftest: [
    "tollgate selftest --quick",
    "tollgate selftest --json > selftest.json      with the limits in it",
  ],
  completion: [
    "source <(tollgate completion bash)      for this shell; put the line into ~/.bashrc to keep it",
    "source <(tollgate completion zsh)       after compinit, in ~/.zshrc",
    "tollgate completion fish | source       or into ~/.config/fish/completions/tollgate.fish",
  ],
  tau2: ["tollgate tau2 verify --data path/to/tau2-bench/data --golden path/to/golden"],
  "tau2 regrade": ["tollgate tau2 regrade @last"],
  "tau2 results": ["tollgate tau2 results @last -o tau2-results"],
  "tau2 verify": [
    "tollgate tau2 verify --data path/to/tau2-bench/data --golden path/to/golden",
    "tollgate tau2 verify --data path/to/tau2-bench/data --domain airline --json",
  ],
};

/** Lets the help of every command end with its examples. For a program whose commands are all registered. */
export function addExamples(program: Command): void {
  for (const [path, lines] of Object.entries(examplesOf)) {
    const command = commandAt(program, path.split(" "));
    const title = lines.length === 1 ? "Example" : "Examples";
    command?.addHelpText("after", `\n${title}:\n${lines.map(shown).join("\n")}`);
  }
}

/** A line that begins with spaces goes on with the one before it. */
function shown(line: string): string {
  return line.startsWith(" ") ? `  ${line}` : `  $ ${line}`;
}

/** null when only another command's file was loaded. */
function commandAt(program: Command, names: readonly string[]): Command | null {
  return names.reduce<Command | null>(
    (parent, name) => parent?.commands.find((command) => command.name() === name) ?? null,
    program,
  );
}
