// The one importer of @vscode/webview-ui-toolkit. It is no longer maintained: docs/decisions/webview-toolkit.md.

import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

/** Makes `<vscode-button>` and its like work; called once in each panel (controls.ts). */
export function registerToolkit(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeTextField(),
  );
  // The toolkit takes over the editor's colours when the page has loaded, and waits for ever when it has already.
  if (document.readyState === 'complete') window.dispatchEvent(new Event('load'));
}
