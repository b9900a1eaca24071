/** What SGLang, vLLM and llama.cpp say while they start; the newest line that matches is shown. */
const telling =
  /Load weight|Loading safetensors|Loading pt checkpoint|Multi-thread loading|Fetching \d+ files|Downloading|KV Cache is allocated|Memory pool end|Capture cuda graph|Capturing (batches|CUDA graphs)|Compiling|torch\.compile takes|The server is fired up|Starting to load model|(Loading weights|Model loading|init engine).* took|KV cache size|load_model: |llama_server: model loaded/i;

/** The time, level and place that a line begins with: the words are behind them. */
const heads = [
  /^\[\d{4}-\d\d-\d\d [\d:]+[^\]]*\] /,
  /^\(\w+ pid=\d+\) /,
  /^(INFO|WARNING) \d\d-\d\d [\d:]+ \[[^\]]*\] /,
  /^[\d.]+ [DIWE] +\w+ +/,
];

const charactersMax = 160;

/** The newest line of a log that says how far loading is; null when none does. Progress bars redraw with \r. */
export function loadProgress(log: string): string | null {
  const lines = log.split(/[\r\n]+/);
  const found = lines.findLast((line) => telling.test(line));
  if (found === undefined) return null;
  const words = heads.reduce((line, head) => line.replace(head, ""), found.trim());
  return words.length > charactersMax ? `${words.slice(0, charactersMax)}…` : words;
}
