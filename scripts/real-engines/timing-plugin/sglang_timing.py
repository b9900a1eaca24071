"""Plugin for SGLang 0.5.23: everything is real but the forward pass, which is a sleep as long as a modelled GPU's.

Put this folder on PYTHONPATH. A pass takes as long as a step of Tollgate's simulator: TIMING_STEP_MS, and in a decode pass
TIMING_STEP_MS_PER_REQUEST for each request but the first, in a prefill pass a second for every
TIMING_PREFILL_TOKENS_PER_SECOND tokens that it computes anew. What it writes depends on nothing but the length of the
sequence: words without a meaning, never a stop token.

With TIMING_LOG=FILE each pass becomes a line of JSON: kind, requests, new tokens, begin and end (CLOCK_MONOTONIC), and the
processor time that the scheduler's thread had used by then. What it used between two passes is the cost of its own work.
"""

import json
import os
import time

STEP_SECONDS = float(os.environ.get("TIMING_STEP_MS", "12")) / 1e3
STEP_SECONDS_PER_REQUEST = float(os.environ.get("TIMING_STEP_MS_PER_REQUEST", "0.15")) / 1e3
PREFILL_TOKENS_PER_SECOND = float(os.environ.get("TIMING_PREFILL_TOKENS_PER_SECOND", "20000"))
# A line at a time, so that whoever reads it never sees half of one.
LOG = open(os.environ["TIMING_LOG"], "a", buffering=1) if os.environ.get("TIMING_LOG") else None


def next_tokens(batch, vocabulary):
    """Logits that leave no choice: one token for each sequence."""
    import torch

    # Between the single bytes at the beginning of the vocabulary, of which some are no text, and the control tokens at its end.
    ids = (batch.seq_lens.to(torch.int64) * 7919 + 13) % (vocabulary - 556) + 256
    logits = torch.zeros(batch.batch_size, vocabulary)
    logits[torch.arange(batch.batch_size), ids] = 20.0
    return logits


def seconds_of(batch):
    """How long this pass takes, and what it is for the log."""
    requests = batch.batch_size
    if batch.forward_mode.is_extend():
        tokens = int(batch.extend_num_tokens or 0)
        return STEP_SECONDS + tokens / PREFILL_TOKENS_PER_SECOND, {"kind": "prefill", "requests": requests, "tokens": tokens}
    wanted = STEP_SECONDS + STEP_SECONDS_PER_REQUEST * (requests - 1)
    return wanted, {"kind": "decode", "requests": requests, "tokens": requests}


def forward(original, runner, batch, *args, **kwargs):
    from sglang.srt.layers.logits_processor import LogitsProcessorOutput
    from sglang.srt.model_executor.model_runner import ModelRunnerOutput

    began, began_processor = time.monotonic_ns(), time.thread_time_ns()
    seconds, what = seconds_of(batch)
    logits = next_tokens(batch, runner.model_config.vocab_size)
    time.sleep(max(0, seconds - (time.monotonic_ns() - began) / 1e9))
    if LOG is not None:
        stamps = {"beginNs": began, "endNs": time.monotonic_ns()}
        processor = {"beginProcessorNs": began_processor, "endProcessorNs": time.thread_time_ns()}
        LOG.write(json.dumps({**what, **stamps, **processor, "wantedMs": seconds * 1e3}) + "\n")
    return ModelRunnerOutput(logits_output=LogitsProcessorOutput(next_token_logits=logits), can_run_graph=False)


def load():
    from sglang.srt.plugins.hook_registry import HookRegistry, HookType

    HookRegistry.register("sglang.srt.model_executor.model_runner.ModelRunner.forward", forward, HookType.AROUND)
    print(f"sglang_timing: registered in process {os.getpid()}", flush=True)
