# Encodes and decodes texts with the Rust library: {"file", "texts"} to a list of {ids, decoded, offsets}.
import json
import sys

from tokenizers import Tokenizer

job = json.load(sys.stdin)
tokenizer = Tokenizer.from_file(job["file"])
encoded = [tokenizer.encode(text, add_special_tokens=False) for text in job["texts"]]
print(json.dumps([{"ids": e.ids, "decoded": tokenizer.decode(e.ids, skip_special_tokens=False)} for e in encoded]))
