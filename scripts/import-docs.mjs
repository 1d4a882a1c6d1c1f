// Renders docs/import.md: what becomes of the keys of other tools, from the importer's own tables.

/** The page as Markdown; `tools` is the table of src/config/import/tools.ts. */
export function renderImportDocs(tools) {
  return [
    '<!-- Made by `npm run generate` from src/config/import. Change that, not this page. -->',
    '',
    '# Import a config of another tool',
    '',
    '`finetune import <file>`, or _Fine-Tune: Import Config…_ in VS Code, turns a config of Axolotl, LLaMA-Factory, TRL or',
    'Unsloth into a `.finetune.yaml`, and tells of every key of the source what became of it: **mapped** (the same value',
    'under our name), **changed** (another value, and why) or **without a counterpart** (and what to do). Nothing of the',
    'source is run; of Python only the arguments of the known calls are read, with names that the script sets to literals.',
    '',
    '| source | read as |',
    '| --- | --- |',
    '| Axolotl | YAML |',
    '| LLaMA-Factory | YAML and JSON (its version 1 too), shell scripts and command lines of `llamafactory-cli`; names of datasets are looked up in `data/dataset_info.json` near the config |',
    '| TRL | YAML of `trl … --config`, shell scripts and command lines, Python with `SFTConfig` and the like |',
    '| Unsloth | Python and notebooks (`from_pretrained`, `get_peft_model`, `SFTConfig`, `TrainingArguments`, trainers), command lines of `unsloth-cli.py`, YAML of its studio |',
    '',
    'Defaults of the other tool that are not ours are written into the config, so that the run means the same. Where one',
    'key has the say over another (`max_steps` over epochs, a rule further up in these tables over one further down), the',
    'report says so. The objectives of other tools are taken over where they exist here, their settings are not.',
    'Adapters beside weights in 4 bits become `method: qlora`; other quantisation, reinforcement objectives and several',
    'devices are told as missing, first of all.',
    '',
    'Paths stay as they are: here they are relative to the config, there often to the folder the tool is started in.',
    '',
    ...Object.values(tools).flatMap(toolSection(tools)),
  ].join('\n');
}

/** Rules that all tools have are told once, under the last heading. */
function toolSection(tools) {
  const lists = Object.values(tools).map(({ rules }) => rules);
  const shared = lists[0].filter((rule) => lists.every((list) => list.includes(rule)));
  return (tool, index) => [
    `## ${tool.title}`,
    '',
    ...table(tool.rules.filter((rule) => !shared.includes(rule))),
    '',
    ...(index === lists.length - 1
      ? [
          '## All four',
          '',
          'Names of the Hugging Face Trainer and of PEFT, in whichever of the tools they stand.',
          '',
          ...table(shared),
        ]
      : []),
  ];
}

function table(rules) {
  const rows = rules.map(({ keys, to, note }) => {
    const names = keys.map((key) => `\`${key}\``).join(', ');
    return `| ${names} | ${to === undefined ? '–' : `\`${to}\``} | ${note.replaceAll('|', '\\|')} |`;
  });
  return ['| theirs | ours | what happens to the value |', '| --- | --- | --- |', ...rows];
}
