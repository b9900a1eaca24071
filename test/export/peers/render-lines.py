"""Renders chat lines as trainers do, with transformers: stdin has one {folder, messages, tools} a line, stdout one {text, ids}."""

import json
import pathlib
import sys

from transformers import PreTrainedTokenizerFast

tokenizers = {}
for line in sys.stdin:
    chat = json.loads(line)
    folder = pathlib.Path(chat["folder"])
    if folder not in tokenizers:
        config = json.loads((folder / "tokenizer_config.json").read_text())
        tokenizers[folder] = PreTrainedTokenizerFast(
            tokenizer_file=str(folder / "tokenizer.json"),
            eos_token=config["eos_token"],
            chat_template=(folder / "chat_template.jinja").read_text(),
        )
    tokenizer = tokenizers[folder]
    given = {"conversation": chat["messages"], "tools": chat.get("tools")}
    text = tokenizer.apply_chat_template(**given, tokenize=False)
    ids = tokenizer.apply_chat_template(**given, tokenize=True, return_dict=True)["input_ids"]
    print(json.dumps({"text": text, "ids": ids}))
