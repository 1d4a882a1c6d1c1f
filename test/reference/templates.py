# Renders chat templates with transformers: {"jobs": [{source, messages, tools, variables}]} to a list of texts or null.
import json
import sys

from transformers.utils.chat_template_utils import render_jinja_template

results = []
for job in json.load(sys.stdin)["jobs"]:
    try:
        texts, spans = render_jinja_template(
            conversations=[job["messages"]],
            tools=job["tools"],
            chat_template=job["source"],
            return_assistant_tokens_mask=job["marked"],
            add_generation_prompt=job["addGenerationPrompt"],
            **job["variables"],
        )
        results.append({"text": texts[0], "spans": spans[0] if job["marked"] else []})
    except Exception as error:  # noqa: BLE001 - whatever a template raises is its refusal
        results.append({"error": f"{type(error).__name__}: {error}"})
print(json.dumps(results))
