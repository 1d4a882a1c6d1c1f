"""What Python's huggingface_hub sees in a cache that we filled."""
import json, sys
from huggingface_hub import scan_cache_dir, snapshot_download
from transformers import AutoConfig, AutoTokenizer

request = json.load(sys.stdin)
scan = scan_cache_dir(request["cache"])
repository = next(iter(scan.repos))
revision = next(iter(repository.revisions))
folder = snapshot_download(request["id"], cache_dir=request["cache"], local_files_only=True)
print(json.dumps({
    "warnings": [str(warning) for warning in scan.warnings],
    "id": repository.repo_id,
    "commit": revision.commit_hash,
    "refs": sorted(revision.refs),
    "files": sorted(file.file_name for file in revision.files),
    "size": revision.size_on_disk,
    "folder": folder,
    "model_type": AutoConfig.from_pretrained(folder).model_type,
    "ids": AutoTokenizer.from_pretrained(folder)(request["text"])["input_ids"],
}))
