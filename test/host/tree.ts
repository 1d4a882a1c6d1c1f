// The run explorer's tree as the editor sees it, read through the provider that the extension hands to its tests.
import * as vscode from 'vscode';

export interface TreeLine {
  readonly node: unknown;
  readonly label: string;
  readonly description: string;
  /** What menus look at. */
  readonly context: string;
  /** What a click does. */
  readonly command: vscode.Command | undefined;
  readonly children: () => Promise<TreeLine[]>;
}

/** Top lines of the explorer. */
export async function explorer(): Promise<TreeLine[]> {
  const provider = await treeProvider();
  const lines = async (parent?: unknown): Promise<TreeLine[]> => {
    const nodes = (await provider.getChildren(parent)) ?? [];
    return Promise.all(
      nodes.map(async (node): Promise<TreeLine> => {
        const item = await provider.getTreeItem(node);
        const label = typeof item.label === 'string' ? item.label : (item.label?.label ?? '');
        const description = typeof item.description === 'string' ? item.description : '';
        const { command, contextValue: context = '' } = item;
        return { node, label, description, context, command, children: () => lines(node) };
      }),
    );
  };
  return lines();
}

/** Lines of a group by its label; none when there is no such group. */
export async function group(label: string): Promise<TreeLine[]> {
  const found = (await explorer()).find((line) => line.label === label);
  return found ? found.children() : [];
}

/** The one line of a run, wherever it is listed. */
export async function runLine(name: string): Promise<TreeLine> {
  for (const line of await explorer()) {
    const found = (await line.children()).find((child) => child.label === name);
    if (found) return found;
  }
  throw new Error(`The explorer does not list ${name}.`);
}

/** Collects what the explorer asks the editor to draw anew; `undefined` stands for everything. */
export async function treeChanges(): Promise<{ readonly seen: readonly unknown[]; dispose(): void }> {
  const provider = await treeProvider();
  const seen: unknown[] = [];
  const listener = provider.onDidChangeTreeData?.((node) => seen.push(node));
  return { seen, dispose: () => void listener?.dispose() };
}

async function treeProvider(): Promise<vscode.TreeDataProvider<unknown>> {
  const extension = vscode.extensions.getExtension<unknown>('finetune-workbench.fine-tune-workbench');
  const tested = await extension?.activate();
  if (typeof tested !== 'object' || tested === null || !('explorer' in tested)) {
    throw new Error('The extension does not know that it is tested.');
  }
  return (await tested.explorer) as vscode.TreeDataProvider<unknown>;
}
