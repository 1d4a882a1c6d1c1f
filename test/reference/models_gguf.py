"""Tiny random models of every architecture, written as GGUF as llama.cpp's converter does, with the values they came from."""
import json, os, sys
import numpy as np
import torch
import gguf
from transformers import AutoConfig, AutoModelForCausalLM

request = json.load(sys.stdin)
ARCHS = {"llama": "LLAMA", "qwen2": "QWEN2", "qwen3": "QWEN3", "phi3": "PHI3", "gemma": "GEMMA", "gemma2": "GEMMA2", "gemma3_text": "GEMMA3", "gpt2": "GPT2"}
base = dict(
    hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
    vocab_size=64, max_position_embeddings=128, rms_norm_eps=1e-5, rope_theta=20000.0, pad_token_id=0, bos_token_id=1, eos_token_id=2,
)
extra = {
    "llama": dict(tie_word_embeddings=False),
    "qwen2": dict(tie_word_embeddings=True),
    "qwen3": dict(tie_word_embeddings=True, head_dim=16),
    "phi3": dict(tie_word_embeddings=False, sliding_window=64),
    "gemma": dict(head_dim=16),
    "gemma2": dict(head_dim=16, sliding_window=16, query_pre_attn_scalar=16, final_logit_softcapping=30.0, attn_logit_softcapping=50.0),
    "gemma3_text": dict(num_hidden_layers=7, sliding_window=16, head_dim=16, query_pre_attn_scalar=16),
    "gpt2": None,
}
for name in ("qwen2", "phi3"):
    extra[name].setdefault("head_dim", 8)


def permute(weight, heads):
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def write(name, model, config, path):
    arch = gguf.MODEL_ARCH[ARCHS[name]]
    layers = config.num_hidden_layers
    names = gguf.get_tensor_name_map(arch, layers)
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[arch])
    writer.add_block_count(layers)
    if name == "gpt2":
        writer.add_context_length(config.n_positions)
        writer.add_embedding_length(config.n_embd)
        writer.add_feed_forward_length(4 * config.n_embd)
        writer.add_head_count(config.n_head)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
    else:
        writer.add_context_length(config.max_position_embeddings)
        writer.add_embedding_length(config.hidden_size)
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count(config.num_attention_heads)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        head = config.hidden_size // config.num_attention_heads if name in ("qwen2", "phi3") else config.head_dim
        if name != "gemma":
            writer.add_rope_freq_base(20000.0)
        writer.add_rope_dimension_count(head)
        if name in ("qwen3", "gemma", "gemma2", "gemma3_text"):
            writer.add_key_length(head)
            writer.add_value_length(head)
        if name in ("phi3", "gemma2", "gemma3_text"):
            writer.add_sliding_window(config.sliding_window)
        if name == "gemma2":
            writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
            writer.add_final_logit_softcapping(config.final_logit_softcapping)
    writer.add_vocab_size(64)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([chr(0x21 + i) for i in range(64)])
    writer.add_token_types([1] * 64)
    writer.add_token_merges(["! #"])
    for add, value in ((writer.add_bos_token_id, 1), (writer.add_eos_token_id, 2), (writer.add_pad_token_id, 0)):
        add(value)
    for key, tensor in model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        data = tensor.float().numpy()
        stem, suffix = key.rsplit(".", 1)
        target = f"{names.get_name(stem)}.{suffix}"
        assert not target.startswith("None"), key
        if name == "llama" and ".q_proj." in key:
            data = permute(data, config.num_attention_heads)
        if name == "llama" and ".k_proj." in key:
            data = permute(data, config.num_key_value_heads)
        if name.startswith("gemma") and key.endswith("norm.weight"):
            data = data + 1
        if name == "gpt2" and key.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            data = data.T
        writer.add_tensor(target, np.ascontiguousarray(data))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


answer = {}
for name in ARCHS:
    torch.manual_seed(3)
    if name == "gpt2":
        config = AutoConfig.for_model("gpt2", n_embd=32, n_layer=2, n_head=4, n_positions=128, vocab_size=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    else:
        options = {**base, **extra[name]}
        if name == "gemma":
            options.pop("rope_theta")
        if name == "gemma3_text":
            theta = options.pop("rope_theta")
            options["rope_parameters"] = {
                "full_attention": {"rope_type": "default", "rope_theta": theta},
                "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
            }
        config = AutoConfig.for_model(name, **options)
    model = AutoModelForCausalLM.from_config(config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():  # norms and biases too must be seen to arrive
            parameter.add_(torch.randn_like(parameter) * 0.05)
    folder = os.path.join(request["folder"], name)
    model.save_pretrained(folder)
    write(name, model, config, os.path.join(folder, "model.gguf"))
    tokens = torch.arange(3, 35).reshape(1, 32)
    with torch.no_grad():
        model(tokens).logits.numpy().tofile(os.path.join(folder, "logits.bin"))
    answer[name] = {"tensors": [key for key in model.state_dict()]}
print(json.dumps(answer))
