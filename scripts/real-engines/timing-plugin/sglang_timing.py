"""Plugin for SGLang 0.5.23: everything is real but the forward pass, which is a sleep as long as a modelled GPU's.

Put this folder on PYTHONPATH. A pass takes TIMING_STEP_MS + TIMING_STEP_MS_PER_REQUEST for each running request, and one
second for every TIMING_PREFILL_TOKENS_PER_SECOND tokens that it computes anew. What it writes depends on nothing but the
length of the sequence: words without a meaning, never a stop token.
"""

import os
import time

STEP_SECONDS = float(os.environ.get("TIMING_STEP_MS", "12")) / 1e3
STEP_SECONDS_PER_REQUEST = float(os.environ.get("TIMING_STEP_MS_PER_REQUEST", "0.15")) / 1e3
PREFILL_TOKENS_PER_SECOND = float(os.environ.get("TIMING_PREFILL_TOKENS_PER_SECOND", "20000"))
REPORT_EVERY = 500

passes = {"all": 0, "late": 0, "own_seconds": 0.0}


def next_tokens(batch, vocabulary):
    """Logits that leave no choice: one token for each sequence."""
    import torch

    # Between the control tokens at the end of the vocabulary and the single bytes at its beginning.
    ids = (batch.seq_lens.to(torch.int64) * 7919 + 13) % (vocabulary - 300) + 100
    logits = torch.zeros(batch.batch_size, vocabulary)
    logits[torch.arange(batch.batch_size), ids] = 20.0
    return logits


def forward(original, runner, batch, *args, **kwargs):
    from sglang.srt.layers.logits_processor import LogitsProcessorOutput
    from sglang.srt.model_executor.model_runner import ModelRunnerOutput

    started = time.perf_counter()
    computed = int(batch.extend_num_tokens or 0) if batch.forward_mode.is_extend() else 0
    wanted = STEP_SECONDS + STEP_SECONDS_PER_REQUEST * batch.batch_size + computed / PREFILL_TOKENS_PER_SECOND
    logits = next_tokens(batch, runner.model_config.vocab_size)
    spent = time.perf_counter() - started
    passes["all"] += 1
    passes["own_seconds"] += spent
    if spent < wanted:
        time.sleep(wanted - spent)
    else:
        passes["late"] += 1
    if passes["all"] % REPORT_EVERY == 0:
        own_ms = passes["own_seconds"] / passes["all"] * 1e3
        print(f"sglang_timing: {passes['all']} passes, {passes['late']} late, {own_ms:.2f} ms of its own each", flush=True)
    return ModelRunnerOutput(logits_output=LogitsProcessorOutput(next_token_logits=logits), can_run_graph=False)


def load():
    from sglang.srt.plugins.hook_registry import HookRegistry, HookType

    HookRegistry.register("sglang.srt.model_executor.model_runner.ModelRunner.forward", forward, HookType.AROUND)
    print(f"sglang_timing: registered in process {os.getpid()}", flush=True)
