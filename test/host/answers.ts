// A person's answers to what the extension asks: the editor's questions are replaced while a command runs.
import * as vscode from 'vscode';

export interface Question {
  readonly kind: 'list' | 'text' | 'message' | 'warning' | 'error';
  /** What was asked. */
  readonly text: string;
  /** Labels of entries or buttons. */
  readonly choices: readonly string[];
  /** What a field held to begin with. */
  readonly value?: string;
}

/** The label of an entry or button, a text to type, or undefined to walk away. */
export type Answerer = (question: Question) => string | undefined;

/** Calls a command while `answer` stands for the person; returns all that was asked, in order. */
export async function asked(command: string, args: readonly unknown[], answer: Answerer): Promise<Question[]> {
  const questions: Question[] = [];
  const ask = (question: Question): string | undefined => {
    questions.push(question);
    return answer(question);
  };
  const { window } = vscode;
  const before = { ...window };
  const message =
    (kind: Question['kind']) =>
    (text: string, ...rest: unknown[]): Promise<unknown> => {
      const buttons = rest.filter((item) => typeof item === 'string' || hasTitle(item));
      const label = ask({ kind, text, choices: buttons.map((item) => (typeof item === 'string' ? item : item.title)) });
      return Promise.resolve(buttons.find((item) => (typeof item === 'string' ? item : item.title) === label));
    };
  Object.assign(window, {
    showInformationMessage: message('message'),
    showWarningMessage: message('warning'),
    showErrorMessage: message('error'),
    async showQuickPick(items: unknown, options?: vscode.QuickPickOptions) {
      const entries: unknown = await items;
      const list = Array.isArray(entries) ? entries.filter(hasLabel) : [];
      const text = options?.placeHolder ?? options?.title ?? '';
      const label = ask({ kind: 'list', text, choices: list.map((item) => item.label) });
      return list.find((item) => item.label === label);
    },
    showInputBox(options: vscode.InputBoxOptions) {
      const text = options.title ?? options.prompt ?? '';
      return Promise.resolve(ask({ kind: 'text', text, choices: [], value: options.value ?? '' }));
    },
  });
  try {
    await vscode.commands.executeCommand(command, ...args);
  } finally {
    const { showInformationMessage, showWarningMessage, showErrorMessage, showQuickPick, showInputBox } = before;
    const asBefore = { showInformationMessage, showWarningMessage, showErrorMessage, showQuickPick, showInputBox };
    Object.assign(window, asBefore);
  }
  return questions;
}

/** Walks away from everything. */
export const nothing: Answerer = () => undefined;

function hasTitle(value: unknown): value is { readonly title: string } {
  return typeof value === 'object' && value !== null && 'title' in value && typeof value.title === 'string';
}

function hasLabel(value: unknown): value is { readonly label: string } {
  return typeof value === 'object' && value !== null && 'label' in value && typeof value.label === 'string';
}
