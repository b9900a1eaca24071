/** What an SGLang server says while it starts, most telling last; the newest line that matches is shown. */
const telling =
  /Load weight|Loading safetensors|Loading pt checkpoint|Multi-thread loading|Fetching \d+ files|Downloading|KV Cache is allocated|Memory pool end|Capture cuda graph|Capturing batches|Compiling|torch\.compile|The server is fired up/i;

/** The newest line of a log that says how far loading is; null when none does. Progress bars redraw with \r. */
export function loadProgress(log: string): string | null {
  const lines = log.split(/[\r\n]+/);
  const found = lines.findLast((line) => telling.test(line));
  return found === undefined ? null : found.trim().slice(-160);
}
