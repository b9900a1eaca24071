#!/usr/bin/env python3
"""Trains a Qwen3 of 2.6 million parameters to say what the simulated agent said, token for token, on one processor.

The input is what `tollgate export --format areal` writes of a `collect` at L2: token ids of prompts as an engine renders them,
and which of the tokens the model wrote. Give one export for each form in which engines write tools into a prompt, and one set
of weights passes on all of them; and what scripts/preflight-sequences.ts writes of the same collections, so that a preflight passes:

    python train_library.py FOLDER EXPORT/areal.json PREFLIGHT.json [...]

It needs torch, transformers and numpy, which the environments of SGLang have. It is done when every trained token has at least
the probability --certainty, so that an engine with other rounding chooses it, too. Ended before that, it goes on from
FOLDER/training.pt when the same command is given again.
"""

import argparse
import json
import math
import os
import shutil
import sys
import time
from pathlib import Path

import torch
import transformers
from torch.nn.functional import cross_entropy
from transformers import DynamicCache, Qwen3Config, Qwen3ForCausalLM

from library_sequences import NOT_TRAINED, fingerprint, read_rendering, trained_tokens

TOKENIZER = Path(__file__).resolve().parents[2] / "bench" / "simulator" / "model"
VOCABULARY, END_OF_TURN, PADDING = 3200, 3172, 3170
SEQUENCES_PER_STEP = 4
WARM_UP_STEPS = 20
SAVE_EVERY_SECONDS = 60
# Below this mean loss it is worth looking at the least certain token.
LOW_LOSS = 0.02


def new_model():
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=VOCABULARY,
            hidden_size=192,
            intermediate_size=576,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=48,
            max_position_embeddings=65536,
            rope_theta=1e6,
            tie_word_embeddings=False,
            bos_token_id=None,
            eos_token_id=END_OF_TURN,
            pad_token_id=PADDING,
        )
    ).float()


def prefix_cache(model, rendering):
    """Keys and values of what all sequences begin with. They teach nothing, so no gradient goes through them."""
    with torch.no_grad():
        return model.model(rendering.prefix, use_cache=True).past_key_values


def trained_logits(model, rendering, cache, tail):
    """Logits and labels at the trained positions of one sequence."""
    ids, labels = tail
    begun = rendering.prefix.shape[1]
    own = DynamicCache(config=model.config)
    for index, layer in enumerate(cache.layers):
        own.update(layer.keys, layer.values, index)
    positions = torch.arange(begun, begun + len(ids)).unsqueeze(0)
    hidden = model.model(ids.unsqueeze(0), past_key_values=own, use_cache=True, position_ids=positions).last_hidden_state[0]
    trained = labels != NOT_TRAINED
    return model.lm_head(hidden[trained]), labels[trained]


class Training:
    def __init__(self, renderings, settings):
        torch.manual_seed(settings.seed)
        self.renderings, self.settings = renderings, settings
        self.model = new_model()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0, betas=(0.9, 0.98), weight_decay=0.01)
        self.passes = self.steps = 0
        self.seconds = 0.0

    def rate(self):
        progress = min(1, self.passes / self.settings.passes)
        cosine = 0.05 + 0.95 * (1 + math.cos(math.pi * progress)) / 2
        return self.settings.rate * min(1, (self.steps + 1) / WARM_UP_STEPS) * cosine

    def one_pass(self):
        """Each sequence of each rendering once. Returns the mean loss and the share of right tokens."""
        caches = [prefix_cache(self.model, rendering) for rendering in self.renderings]
        all_tails = [(at, tail) for at, rendering in enumerate(self.renderings) for tail in rendering.tails]
        # From the number of the pass, so that a training that was ended goes on as it would have.
        order = torch.randperm(len(all_tails), generator=torch.Generator().manual_seed(self.passes)).tolist()
        loss_sum = right = 0
        for start in range(0, len(order), SEQUENCES_PER_STEP):
            chosen = [all_tails[index] for index in order[start : start + SEQUENCES_PER_STEP]]
            tokens = sum(trained_tokens(tail) for _, tail in chosen)
            for at, tail in chosen:
                logits, labels = trained_logits(self.model, self.renderings[at], caches[at], tail)
                loss = cross_entropy(logits, labels, reduction="sum")
                (loss / tokens).backward()
                loss_sum += loss.item()
                right += int((logits.argmax(-1) == labels).sum())
            self.step()
        self.passes += 1
        trained = sum(trained_tokens(tail) for _, tail in all_tails)
        return loss_sum / trained, right / trained

    def step(self):
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.steps += 1

    @torch.no_grad()
    def certainty(self):
        """Probability of the least certain trained token in any rendering."""
        least = 1.0
        for rendering in self.renderings:
            cache = prefix_cache(self.model, rendering)
            for tail in rendering.tails:
                logits, labels = trained_logits(self.model, rendering, cache, tail)
                least = min(least, logits.softmax(-1).gather(1, labels.unsqueeze(1)).min().item())
        return least

    def state(self):
        return {
            "sequences": fingerprint(self.renderings),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "counts": [self.passes, self.steps, self.seconds],
        }

    def go_on_from(self, path):
        state = torch.load(path, weights_only=True)
        if state["sequences"] != fingerprint(self.renderings):
            sys.exit(f"{path} was begun with other sequences. Give the same exports, or another folder.")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.passes, self.steps, self.seconds = state["counts"]
        print(f"goes on after {self.passes} passes and {self.seconds:.0f} s", flush=True)


def train(training, checkpoint):
    """Returns the certainty that was reached: less than wanted where the passes were not enough."""
    began = saved = time.monotonic()
    before = training.seconds
    certainty = 0.0
    while training.passes < training.settings.passes:
        loss, right = training.one_pass()
        training.seconds = before + time.monotonic() - began
        if loss < LOW_LOSS:
            certainty = training.certainty()
        if training.passes % 5 == 0 or certainty >= training.settings.certainty:
            least = f", least certain token {certainty:.3f}" if loss < LOW_LOSS else ""
            print(f"{training.seconds:6.0f} s, pass {training.passes}: loss {loss:.4f}, {right:.1%} right{least}", flush=True)
        if certainty >= training.settings.certainty:
            break
        if time.monotonic() - saved > SAVE_EVERY_SECONDS:
            save_checkpoint(training, checkpoint)
            saved = time.monotonic()
    return training.certainty()


def save_checkpoint(training, path):
    part = path.with_suffix(".part")
    torch.save(training.state(), part)
    os.replace(part, path)


def save_model(training, folder, certainty):
    generation = training.model.generation_config
    generation.eos_token_id, generation.pad_token_id, generation.bos_token_id = [END_OF_TURN, PADDING], PADDING, None
    training.model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(TOKENIZER / name, folder)
    facts = {
        "sequences": [len(rendering.tails) for rendering in training.renderings],
        "trainedTokens": [sum(map(trained_tokens, rendering.tails)) for rendering in training.renderings],
        "passes": training.passes,
        "seconds": round(training.seconds),
        "leastCertainToken": round(certainty, 4),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    (folder / "training.json").write_text(json.dumps(facts, indent=2) + "\n")


def read_settings():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of the weights; one that holds weights is refused")
    parser.add_argument("exports", nargs="+", help="areal.json of an export, one for each rendering")
    parser.add_argument("--certainty", type=float, default=0.9, help="probability that each trained token has to reach")
    parser.add_argument("--passes", type=int, default=100, help="most passes; the step size falls towards the last")
    parser.add_argument("--rate", type=float, default=2e-3, help="largest step size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main():
    settings = read_settings()
    folder, checkpoint = settings.folder, settings.folder / "training.pt"
    if (folder / "model.safetensors").exists():
        sys.exit(f"{folder} holds weights already. Give a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(settings.threads)
    training = Training([read_rendering(path) for path in settings.exports], settings)
    if checkpoint.exists():
        training.go_on_from(checkpoint)
    certainty = train(training, checkpoint)
    if certainty < settings.certainty:
        save_checkpoint(training, checkpoint)
        sys.exit(f"After {training.passes} passes the least certain token has {certainty:.3f}. Give the command again with more --passes.")
    save_model(training, folder, certainty)
    checkpoint.unlink(missing_ok=True)
    print(f"trained in {training.seconds:.0f} s; weights in {folder}", flush=True)


main()
