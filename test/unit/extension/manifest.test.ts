// package.json against the code, both ways: what is contributed works, and what works is contributed; all texts are there.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { editorVersions } from '../../../scripts/code-server.mjs';
import manifest from '../../../package.json' with { type: 'json' };
import english from '../../../package.nls.json' with { type: 'json' };
import chinese from '../../../package.nls.zh-cn.json' with { type: 'json' };
import {
  commandIds,
  contextKeys,
  panelIds,
  settingIds,
  viewContainerId,
  viewIds,
  walkthroughId,
} from '../../../src/extension/ids.ts';

const { contributes } = manifest;
const ids: readonly string[] = Object.values(commandIds);
const contributed = contributes.commands.map(({ command }) => command);
const menuItems = Object.values(contributes.menus).flat();

function sources(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}
const code = sources(resolve('src/extension'));

test('the oldest editor that is promised is the one that types and end-to-end tests know', () => {
  const [major, minor] = editorVersions.minimum.vscode.split('.');
  expect(manifest.engines.vscode).toBe(`^${major!}.${minor!}.0`);
  expect(manifest.devDependencies['@types/vscode']).toBe(`${major!}.${minor!}.0`);
});

/** Everything in the manifest that is a `when` or `enablement` clause. */
function clausesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    (key === 'when' || key === 'enablement') && typeof item === 'string' ? [item] : clausesIn(item),
  );
}

interface Setting {
  readonly markdownDescription: string;
  readonly scope?: string;
}
function settingsOf(): [string, Setting][] {
  return contributes.configuration.flatMap((group) => Object.entries<Setting>({ ...group.properties }));
}

describe('commands', () => {
  test('are the same in the manifest and in the code', () => {
    expect(contributed.toSorted()).toEqual(ids.toSorted());
  });

  test('each have a handler', () => {
    const without = Object.keys(commandIds).filter((key) => !code.includes(`[commandIds.${key}]:`));
    expect(without).toEqual([]);
  });

  test('each have a title, a category and an icon', () => {
    const poor = contributes.commands.filter(
      ({ title, category, icon }) => !title || category !== '%category%' || !icon,
    );
    expect(poor).toEqual([]);
  });

  test('in menus, keys, welcome texts and walkthroughs exist', () => {
    const texts = Object.values(english).join('\n');
    const linked = [...texts.matchAll(/\(command:(finetune\.[\w.]+)\)/g)].map(([, id]) => id ?? '');
    const events = contributes.walkthroughs.flatMap(({ steps }) =>
      steps.flatMap(({ completionEvents }) => completionEvents),
    );
    const used = [
      ...menuItems.map(({ command }) => command),
      ...contributes.keybindings.map(({ command }) => command),
      ...linked,
      ...events.map((event) => event.replace('onCommand:', '')),
    ];
    expect(used.length).toBeGreaterThan(60);
    expect(used.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test('that need an item of the tree are not in the palette', () => {
    const hidden = contributes.menus.commandPalette
      .filter(({ when }) => when === 'false')
      .map(({ command }) => command);
    expect(hidden.toSorted()).toEqual(
      [
        commandIds.fork,
        commandIds.resumeFrom,
        commandIds.openItem,
        commandIds.queueDown,
        commandIds.queueRemove,
        commandIds.queueUp,
        commandIds.showRunProblem,
      ].toSorted(),
    );
  });
});

test('settings are the same in the manifest and in the code, and described', () => {
  const properties = settingsOf();
  expect(properties.map(([name]) => name).toSorted()).toEqual(
    Object.values(settingIds)
      .map((id) => `finetune.${id}`)
      .toSorted(),
  );
  expect(properties.filter(([, property]) => !property.markdownDescription.startsWith('%'))).toEqual([]);
});

test('settings that name paths or environments are not taken from an untrusted workspace', () => {
  const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  const overridable = settingsOf()
    .filter(([, { scope }]) => scope === 'machine-overridable')
    .map(([name]) => name);
  expect(restricted.toSorted()).toEqual(overridable.toSorted());
});

test('context keys of the clauses are set by the code, and all of them are used', () => {
  const keys = new Set(clausesIn(manifest).flatMap((clause) => clause.match(/\bfinetune\.\w+/g) ?? []));
  keys.delete(viewIds.runs);
  expect([...keys].toSorted()).toEqual(Object.values(contextKeys).toSorted());
  for (const key of Object.keys(contextKeys)) expect(code).toContain(`contextKeys.${key}`);
});

test('views, panels and the walkthrough are the same in the manifest and in the code', () => {
  expect(contributes.views[viewContainerId].map(({ id }) => id)).toEqual(Object.values(viewIds));
  expect(contributes.viewsContainers.activitybar.map(({ id }) => id)).toEqual([viewContainerId]);
  expect(contributes.walkthroughs.map(({ id }) => id)).toEqual([walkthroughId]);
  const panels = manifest.activationEvents.filter((event) => event.startsWith('onWebviewPanel:'));
  expect(panels).toEqual(Object.values(panelIds).map((id) => `onWebviewPanel:${id}`));
});

test('files that the manifest names are there', () => {
  const named = JSON.stringify(manifest.contributes).match(/(?:\.\/)?(?:resources|schemas)\/[\w./-]+/g) ?? [];
  expect(named.length).toBeGreaterThan(8);
  expect([manifest.icon, ...named].filter((file) => !existsSync(file))).toEqual([]);
});

describe('texts of the manifest', () => {
  const used = new Set([...JSON.stringify(manifest).matchAll(/%([\w.]+)%/g)].map(([, key]) => key));

  test('are all defined, and none is left over', () => {
    expect(Object.keys(english).toSorted()).toEqual([...used].toSorted());
  });

  test('are all translated, with the same links', () => {
    expect(Object.keys(chinese).toSorted()).toEqual(Object.keys(english).toSorted());
    const links = (text: string) => [...text.matchAll(/\((command:[\w.]+)\)/g)].map(([, link]) => link).toSorted();
    for (const [key, text] of Object.entries(english)) {
      const translated: unknown = Reflect.get(chinese, key);
      expect(typeof translated === 'string' ? links(translated) : key).toEqual(links(text));
    }
  });
});
