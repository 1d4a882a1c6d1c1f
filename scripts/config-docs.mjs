// Writes docs/config.md, the reference of the config file: every field from the schema; and docs/config-problems.md,
// every code from the rule table.

/** The page as Markdown. */
export function renderConfigDocs(schema) {
  return [
    '<!-- Made by `npm run generate` from schemas/finetune.schema.json and src/config/rules. Change those, not this page. -->',
    '',
    '# The config file',
    '',
    'One file named `*.finetune.yaml` (or `.yml`, `.json`) describes one run. YAML is read as version 1.2, so only `true`',
    'and `false` are booleans and `2e-4` is a number. Paths are relative to the file. In every text `${env:NAME}` is replaced',
    'by the environment variable NAME; one that is not set is an error. `--set path=value` on the command line goes before',
    'what the file says, for example `--set training.learning_rate=1e-4`.',
    '',
    'The smallest config:',
    '',
    '```yaml',
    'version: 1',
    'model: HuggingFaceTB/SmolLM2-135M-Instruct',
    'data:',
    '  train: data/train.jsonl',
    '```',
    '',
    '## Fields',
    '',
    ...fieldsOf(schema, schema, ''),
    '## Learning-rate schedules',
    '',
    ...schedules,
    '## What is checked',
    '',
    'Every message carries a code; [What can be wrong with a config](config-problems.md) explains each of them.',
    '',
  ].join('\n');
}

const schedules = [
  'Steps count from 0, as in PyTorch: the first optimiser step takes the value at 0, so a run with warm-up begins with a',
  'learning rate of 0 (cosine_with_min_lr included; warmup_stable_decay rises from min_lr_ratio). W is the number of',
  'warm-up steps, N of all steps, p = (step − W) / (N − W). Each formula is that of `transformers.get_scheduler`.',
  '',
  '| lr_scheduler | learning rate over training.learning_rate, after warm-up |',
  '| --- | --- |',
  '| constant | 1 |',
  '| linear | 1 − p |',
  '| cosine | (1 + cos πp) / 2 |',
  '| cosine_with_min_lr | m + (1 − m)(1 + cos πp) / 2, m = min_lr_ratio |',
  '| inverse_sqrt | √(W / step); without warm-up √(10 000 / (step + 10 000)) |',
  '| warmup_stable_decay | 1, then in the last decay_ratio of the steps m + (1 − m)(1 + cos πq) / 2, q from 0 to 1 |',
  '',
  'Warm-up steps from warmup_ratio, and decay steps from decay_ratio, are rounded up.',
  '',
];

/** A list of the leaves of one block, then a section for each block inside it. */
function fieldsOf(node, schema, path) {
  const entries = Object.entries(node.properties).map(([name, child]) => [name, resolve(child, schema)]);
  const leaves = entries.filter(([, child]) => !child.properties);
  const blocks = entries.filter(([, child]) => child.properties);
  const lines = [
    ...leaves.map(([name, child]) =>
      item(name, child, node.required?.includes(name) ?? false, path === '' ? name : `${path}.${name}`),
    ),
    '',
  ];
  for (const [name, child] of blocks) lines.push(...section(path === '' ? name : `${path}.${name}`, child, schema));
  return lines;
}

function section(path, node, schema) {
  const absent = node['x-absent'] ? ` Without this block: ${node['x-absent']}.` : '';
  const lines = [
    `<a id="${path.replaceAll('.', '-')}"></a>`,
    '',
    `### ${path}`,
    '',
    `${node.description}${absent}`,
    '',
    ...fieldsOf(node, schema, path),
  ];
  for (const [name, child] of Object.entries(node.properties)) {
    const listItem = resolve(child, schema).anyOf?.find((branch) => branch.items)?.items;
    const item = listItem && resolve(listItem, schema);
    if (item?.properties) lines.push(...itemSection(`${path}.${name}[]`, item, schema));
  }
  return lines;
}

/** Fields of a list's items; blocks among them are described where they appear first. */
function itemSection(path, node, schema) {
  const items = Object.entries(node.properties).map(([name, child]) =>
    item(name, resolve(child, schema), node.required?.includes(name) ?? false, `${path}.${name}`),
  );
  return [`### ${path}`, '', node.description, '', ...items, ''];
}

function item(name, node, required, path = name) {
  const anchor = `<a id="${path.replaceAll('.', '-').replaceAll('[]', '')}"></a>`;
  const unit = node['x-unit'] ? ` (${node['x-unit']})` : '';
  const usual = node['x-usual'] ? ` Usual: ${node['x-usual']}.` : '';
  const fallback = 'default' in node ? `default ${code(node.default)}` : `without it: ${node['x-absent']}`;
  const forMethod = Object.entries(node['x-default-for-method'] ?? {}).map(([m, v]) => `, ${code(v)} for method ${m}`);
  const examples = (node.examples ?? []).filter((example) => flow(example) !== flow(node.default) && !node.enum);
  const shown = examples.length > 0 ? ` Example: ${examples.map(code).join(' or ')}.` : '';
  return `- ${anchor}**\`${name}\`** (${required ? 'required' : fallback + forMethod.join('')}): ${valuesOf(node)}${unit}. ${node.description}${usual}${shown}`;
}

function valuesOf(node) {
  if (node['x-expects']) return node['x-expects'];
  if (node.enum) return node.enum.map(code).join(', ');
  if (node.properties) return 'a block';
  if (node.type === 'array') return 'list of texts';
  if (node.type === 'boolean') return '`true`, `false`';
  if (node.type === 'string') return 'text';
  const low = node.minimum ?? node.exclusiveMinimum;
  const high = node.maximum ?? node.exclusiveMaximum;
  const range = `${low}${'exclusiveMinimum' in node ? ' <' : ' ≤'} x${'exclusiveMaximum' in node ? ' <' : ' ≤'} ${high}`;
  return `${node.type === 'integer' ? 'whole number' : 'number'}, ${range}`;
}

/** docs/config-problems.md: a section for each code, with an example that has the problem and one that has not. */
export function renderProblemDocs(codes) {
  return [
    '<!-- Made by `npm run generate` from src/config/rules. Change those, not this page. -->',
    '',
    '# What can be wrong with a config',
    '',
    'Every message carries one of these codes. An *error* stops the run before it starts; a *warning* names something that',
    'does not do what it seems to; a *hint* names something unusual. The setting `finetune.problems.severity` of the editor',
    'changes how a code is shown, not what it stops. Where there is a quick fix, `Ctrl+.` on the problem offers it.',
    '',
    ...codes.flatMap(problemLines),
  ].join('\n');
}

function problemLines({ code: name, severity, summary, explanation }) {
  const { why, wrong, right, fix } = explanation;
  return [
    `<a id="${name.replace('/', '-')}"></a>`,
    '',
    `## ${name}`,
    '',
    `*${severity}*: ${summary}`,
    '',
    why,
    '',
    ...(wrong === undefined ? [] : ['```yaml', wrong.trimEnd(), '```', '']),
    ...(right === undefined ? [] : ['Instead:', '', '```yaml', right.trimEnd(), '```', '']),
    ...(fix === undefined ? [] : [`Quick fix: ${fix}.`, '']),
  ];
}

function resolve(node, schema) {
  if (!node.$ref) return node;
  return { ...resolve(schema.definitions[node.$ref.split('/').at(-1)], schema), ...node };
}

/** A value as YAML flow text, in backticks. */
function code(value) {
  return `\`${flow(value)}\``;
}

function flow(value) {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${key}: ${flow(inner)}`)
      .join(', ')}}`;
  }
  if (typeof value === 'number' && value !== 0 && Math.abs(value) < 0.001) return value.toExponential();
  return String(value);
}
