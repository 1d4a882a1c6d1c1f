"""A SentencePiece model trained here, as GGUF metadata, and the ids that SentencePiece itself gives to some texts."""
import io, json, sys
import numpy as np
import gguf
import sentencepiece

request = json.load(sys.stdin)
answer = {}
corpus = request["corpus"]
stream = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(corpus), model_writer=stream, model_type="bpe", vocab_size=700, byte_fallback=True,
    character_coverage=0.99, normalization_rule_name="identity", remove_extra_whitespaces=False, add_dummy_prefix=True,
    split_digits=True, allow_whitespace_only_pieces=True, minloglevel=2,
)
model = sentencepiece.SentencePieceProcessor(model_proto=stream.getvalue())
size = model.vocab_size()


def kind(i):
    if model.is_unknown(i):
        return 2
    if model.is_control(i):
        return 3
    return 6 if model.is_byte(i) else 1


writer = gguf.GGUFWriter(request["file"], "llama")
writer.add_context_length(64)
writer.add_tokenizer_model("llama")
writer.add_tokenizer_pre("default")
writer.add_token_list([model.id_to_piece(i) for i in range(size)])
writer.add_token_scores([model.get_score(i) for i in range(size)])
writer.add_token_types([kind(i) for i in range(size)])
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
writer.add_unk_token_id(0)
writer.add_tensor("token_embd.weight", np.zeros((size, 8), dtype=np.float32))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
ids = [model.encode(text) for text in request["texts"]]
print(json.dumps({"ids": ids, "decoded": [model.decode(item) for item in ids]}))
