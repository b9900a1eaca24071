"""A Qwen3 folder of Hugging Face as one GGUF file for llama.cpp, float32, without asking the network.

usage: python qwen3_gguf.py MODEL_FOLDER OUT.gguf      Needs gguf, numpy and safetensors, which SGLang's environment has.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy
from safetensors.numpy import load_file

LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def tensor_names(layers):
    names = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    for layer in range(layers):
        for theirs, ours in LAYER.items():
            names[f"model.layers.{layer}.{theirs}.weight"] = f"blk.{layer}.{ours}.weight"
    return names


def read_json(folder, name):
    return json.loads((folder / name).read_text())


def write_shape(writer, config):
    writer.add_name("library")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def write_tokenizer(writer, folder, config):
    tokenizer = read_json(folder, "tokenizer.json")
    size = config["vocab_size"]
    # The embedding has more rows than the tokenizer has words.
    words = [f"[PAD{at}]" for at in range(size)]
    kinds = [gguf.TokenType.UNUSED] * size
    for word, at in tokenizer["model"]["vocab"].items():
        words[at], kinds[at] = word, gguf.TokenType.NORMAL
    for added in tokenizer["added_tokens"]:
        words[added["id"]] = added["content"]
        kinds[added["id"]] = gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
    merges = tokenizer["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(words)
    writer.add_token_types(kinds)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(read_json(folder, "tokenizer_config.json")["chat_template"])


def main():
    folder, out = Path(sys.argv[1]), sys.argv[2]
    config = read_json(folder, "config.json")
    writer = gguf.GGUFWriter(out, "qwen3")
    write_shape(writer, config)
    write_tokenizer(writer, folder, config)
    names = tensor_names(config["num_hidden_layers"])
    for name, weight in load_file(folder / "model.safetensors").items():
        writer.add_tensor(names[name], numpy.ascontiguousarray(weight.astype(numpy.float32)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(out)


if __name__ == "__main__":
    main()
