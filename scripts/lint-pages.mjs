// What docs/lint.md says of each rule beyond the rule table: why it hurts, a row that has it, how to mend it.

const assistant = (content) => `{"role": "assistant", "content": ${JSON.stringify(content)}}`;
const user = '{"role": "user", "content": "Hello"}';
const chat = (...turns) => `{"messages": [${turns.join(', ')}]}`;
const answered = (output) => `{"instruction": "Continue.", "output": ${JSON.stringify(output)}}`;

/** code → why, bad (rows as a file has them; absent where a page cannot show it), mend. `bad` is tested to be found. */
export const lintPages = {
  'data/invalid-json': {
    why: 'The row cannot be read, so a run does not start. The column is that of the first character that is wrong; the next line is read as if nothing had happened.',
    bad: '{"instruction": "Hello", "output": "Hi",}',
    mend: 'Correct the character. Whoever writes rows by hand or by joining texts should use a JSON writer instead.',
  },
  'data/nul-byte': {
    why: 'NUL bytes are what a crash, a full disk or a wrong encoding leaves behind; other bytes near them may be lost as well.',
    mend: 'Restore the file from its source. The quick fix removes the bytes, which is right only when nothing else is missing.',
  },
  'data/truncated-row': {
    why: 'The file ends in the middle of a row: a download or a writing process stopped early, and more rows may be missing.',
    bad: '{"instruction": "Hello", "outp',
    mend: 'Copy the file again, or remove the row.',
  },
  'data/wrong-encoding': {
    why: 'A byte is not UTF-8; read as Windows-1252 it would be another character, and nobody can tell which was meant.',
    mend: 'Convert the file: `iconv -f WINDOWS-1252 -t UTF-8`.',
  },
  'data/row-too-large': {
    why: 'No context window holds a row of 64 MiB; a line break or bracket is missing, so that rows run together.',
    mend: 'Look for the missing line break.',
  },
  'data/not-an-object': {
    why: 'Fields are found by their names, which only an object has.',
    bad: '["Hello", "Hi"]',
    mend: 'Write `{"instruction": …, "output": …}`.',
  },
  'data/unknown-format': {
    why: 'No format fits most rows, so nothing can be trained. People meet this as a KeyError without a row number (LLaMA-Factory #5503, #6924, #2536).',
    bad: '{"q": "Hello", "a": "Hi"}',
    mend: 'Set `data.columns` to name the fields: `{instruction: q, output: a}`.',
  },
  'data/missing-field': {
    why: 'A row without the field cannot be trained; elsewhere it ends as `KeyError` without a row number (LLaMA-Factory #5503).',
    bad: '{"instruction": "Hello", "input": "", "outputs": "Hi"}',
    mend: 'Add or rename the field. When all rows call it so, set `data.columns`.',
  },
  'data/wrong-type': {
    why: 'A template prints text; a number or list in its place is printed as Python would, or stops the run (“Column changed from object to array”, LLaMA-Factory #3665).',
    bad: '{"instruction": "How many?", "output": 7}',
    mend: 'Write the value as text.',
  },
  'data/empty-list': { why: 'There is nothing to train.', bad: '{"messages": []}', mend: 'Remove the row.' },
  'data/empty-output': {
    why: 'The model learns to answer nothing.',
    bad: '{"instruction": "Hello", "output": ""}',
    mend: 'Write the answer or remove the row.',
  },
  'data/too-deep': {
    why: 'Chat templates walk through arguments and schemas recursively; more than 64 levels are refused.',
    mend: 'Write the value as text.',
  },
  'data/unsupported-content': {
    why: 'Only text can be trained on; an image in a turn would be left out without a word, and its answer learned all the same.',
    bad: chat('{"role": "user", "content": [{"type": "image", "image": "a.png"}]}', assistant('A cat.')),
    mend: 'Remove the row, or describe the image in words.',
  },
  'form/byte-order-mark': {
    why: 'Many readers take the mark for a part of the first field’s name, which is then missing. Inside a file, where files were joined, it makes a row unreadable.',
    bad: '\ufeff{"instruction": "Hello", "output": "Hi"}',
    mend: 'Save the file as UTF-8 without the mark.',
  },
  'form/mixed-line-ends': {
    why: 'Harmless to this reader, but a sign that files from several systems were joined; other tools keep the `\\r`.',
    mend: 'Convert the file: `sed -i "s/\\r$//"`. Editors write one kind of line end anyway, so this is told by `finetune check` only.',
  },
  'form/mixed-formats': {
    why: 'A file has one format, which most rows decide. A row of another one stops the run, or is read wrongly: `"format": "sharegpt"` for `"formatting"` made LLaMA-Factory read chats as Alpaca rows (#7577).',
    mend: 'Convert the row, or give files of different formats an entry of their own in `data.train`.',
  },
  'form/control-character': {
    why: 'Nobody sees them in an editor, every one becomes a token, and the model learns to write them.',
    bad: answered('one\u0007two'),
    mend: 'Remove them.',
  },
  'form/zero-width': {
    why: 'The same word with an invisible character in it has other tokens; web pages and word processors are full of them. Joiners that letters and emoji need (U+200C, U+200D) are left alone.',
    bad: '{"instruction": "Continue.", "output": "wo\\u200brd"}',
    mend: 'Remove them.',
  },
  'form/mojibake': {
    why: 'UTF-8 that was read as Windows-1252 and written again. The model learns to write `donâ€™t`.',
    bad: answered('CafÃ©, donâ€™t'),
    mend: 'Read the source again in its encoding. The quick fix undoes the damage where it can be undone.',
  },
  'form/lone-surrogate': {
    why: 'Half of a character, as cutting a text between two UTF-16 units leaves it. It is no Unicode text: tokenizers fail or write U+FFFD.',
    bad: '{"instruction": "Continue.", "output": "\\ud83d"}',
    mend: 'Restore or remove it.',
  },
  'form/not-nfc': {
    why: '`é` written as two characters has other tokens than `é`, so the model learns two spellings of the same words. macOS file names and some PDF extractors write so.',
    bad: '{"instruction": "Continue.", "output": "e\\u0301t\\u00e9"}',
    mend: 'Normalise to form C.',
  },
  'form/empty-field': {
    why: 'A question without words teaches the model to answer anything.',
    bad: '{"instruction": " ", "output": "Hi"}',
    mend: 'Fill it in or remove the row.',
  },
  'form/type-drift': {
    why: 'The type of a field changes somewhere in the file. Arrow readers then fail late: “Column changed from object to array in row 0”, although the preview was fine (LLaMA-Factory #3665).',
    mend: 'Write the same type everywhere. Told when fewer than 2 % of at least 20 rows differ.',
  },
  'form/unknown-field': {
    why: 'Hardly any other row has the field: often a misspelt name, whose content is then not trained.',
    mend: 'Correct the name, or ignore it when the field is meant.',
  },
  'data/unknown-role': {
    why: 'Templates know system, user, assistant and tool; a turn of anybody else stops the run or vanishes.',
    bad: chat('{"role": "usr", "content": "Hello"}', assistant('Hi')),
    mend: 'Write the role that is meant.',
  },
  'data/invalid-inner-json': {
    why: 'Arguments of a call are JSON inside of a text. A model that learns broken ones makes calls that no program can read.',
    bad: chat(
      user,
      '{"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": {"name": "look", "arguments": "{\\"a\\": "}}]}',
      '{"role": "tool", "content": "1"}',
      assistant('Done.'),
    ),
    mend: 'Write the arguments with a JSON writer, or as an object.',
  },
  'chat/role-order': {
    why: 'Most templates demand that user and assistant alternate, and refuse the row or join the turns in ways of their own.',
    bad: chat(user, user, assistant('Hi')),
    mend: 'Join the turns, or add what was said between.',
  },
  'chat/first-turn': {
    why: 'The model is asked first when it is used. Chats that begin with the assistant are refused by templates such as Llama 2’s, and teach what never happens.',
    bad: chat(assistant('Hi'), user, assistant('Hello')),
    mend: 'Begin with the user.',
  },
  'chat/empty-turn': {
    why: 'An empty answer teaches to say nothing; an empty question, to answer anything.',
    bad: chat(user, assistant('Hi'), user, assistant(' ')),
    mend: 'Fill it in or take it out.',
  },
  'chat/no-assistant-turn': {
    why: 'All labels of the row are masked: loss 0, or a division by zero (unsloth #2095, #1128, #2900).',
    bad: chat(user),
    mend: 'Add the answer or remove the row.',
  },
  'chat/last-turn': {
    why: 'What comes after the last answer is computed and never learned.',
    bad: chat(user, assistant('Hi'), user),
    mend: 'Add the answer, or remove the turns after the last one.',
  },
  'chat/system-not-first': {
    why: 'Most templates allow a system turn only at the beginning; others render it as what the user said.',
    bad: chat(user, '{"role": "system", "content": "Be short."}', assistant('Hi')),
    mend: 'Move it to the beginning, or make it a part of the next user turn.',
  },
  'chat/tool-call-without-result': {
    why: 'The model learns to call a tool and to go on without reading the result.',
    bad: chat(
      user,
      '{"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": {"name": "look", "arguments": "{}"}}]}',
      user,
      assistant('Hi'),
    ),
    mend: 'Add the tool’s turn.',
  },
  'chat/tool-result-without-call': {
    why: 'The model learns that results appear without a call. Often the call was lost by a conversion.',
    bad: chat(user, '{"role": "tool", "content": "1"}', assistant('Hi')),
    mend: 'Add the call, or take the result out.',
  },
  'chat/unclosed-thinking': {
    why: 'The model learns to think without an end; whoever hides the thinking hides the answer too.',
    bad: chat(user, assistant('<think>First I look. Hi.')),
    mend: 'Close the tag where the thinking ends.',
  },
  'chat/unclosed-code-fence': {
    why: 'The answer was probably cut off, and teaches to stop in the middle of code.',
    bad: chat(user, assistant('So:\n```js\nlet a = 1;')),
    mend: 'Complete the code, or close the block.',
  },
  'data/nothing-trained': {
    why: 'Every label of the row is masked; batches of such rows give loss 0 and a gradient norm of NaN (trl #6025, unsloth #2364). Checked after truncation, with the template and max_length of the config.',
    mend: 'Raise `data.max_length`, or see which turns are trained (`data.train_on`).',
  },
  'training/answer-cut': {
    why: 'The end of the answer is never learned, nor the token that ends it; defaults cut data without a word elsewhere (unsloth #2904, transformers #30998, trl #3449).',
    mend: 'Raise `data.max_length`, shorten the row, or set `data.overflow: drop`.',
  },
  'training/row-too-long': {
    why: 'The row is cut, left out or refused, as `data.overflow` says.',
    mend: 'Raise `data.max_length` or shorten the row.',
  },
  'training/doubled-bos': {
    why: 'The text begins with the token that is put before every text anyway; two of them are what the model never saw (unsloth #2648, DeepSeek-R1 #151, reward-bench #164). The trainer takes one out; other tools may not.',
    mend: 'Take it out of the text.',
  },
  'training/refused': {
    why: 'The chat template itself refuses the row; the run would stop there.',
    mend: 'Do as the message says; it is the template’s own.',
  },
  'training/low-trained-share': {
    why: 'Less than 2 % of the tokens are learned; the rest costs time and teaches nothing. Stock templates give an all-zero mask while the loss looks healthy elsewhere (marin #7237, Qwen3 #1522, trl #4201).',
    mend: 'Shorten prompts, or train on more turns.',
  },
  'chat/special-token-in-text': {
    why: 'What a user wrote is read as a control token: it can end a turn or begin another.',
    mend: 'Take it out, or write it with a space inside.',
  },
  'chat/reasoning-left-out': {
    why: 'The template renders thinking of the last turn only, or of none: it is in the data and is not learned.',
    mend: 'Use a template that renders it, or write it into the content.',
  },
  'chat/end-of-turn-not-trained': {
    why: 'A model that never learns the end of a turn does not stop (llm-course #33, unsloth #416, trl #1623).',
    mend: 'Use a template whose `{% generation %}` block holds the end-of-turn token.',
  },
  'preference/missing-side': {
    why: 'A pair needs both sides to be compared.',
    bad: '{"prompt": "Hello", "chosen": "Hi"}',
    mend: 'Add the side or remove the row.',
  },
  'preference/equal-sides': {
    why: 'The gradient of a pair of equals is zero; the row only costs time.',
    bad: '{"prompt": "Hello", "chosen": "Hi", "rejected": "Hi "}',
    mend: 'Remove the row.',
  },
  'preference/different-prompts': {
    why: 'Probabilities of answers to different prompts cannot be compared.',
    bad: `{"chosen": [${user}, ${assistant('Hi')}], "rejected": [{"role": "user", "content": "Bye"}, ${assistant('No')}]}`,
    mend: 'Give both sides the same turns before the last.',
  },
  'preference/likely-swapped': {
    why: 'The better side has the lower score, or refuses while the other answers: columns may be swapped (dpo #35, trl #800, #2578).',
    bad: '{"prompt": "Hello", "chosen": "Hi", "rejected": "No", "score_chosen": 2, "score_rejected": 9}',
    mend: 'Compare with the source; the quick fix swaps the sides.',
  },
  'preference/length-bias': {
    why: 'When chosen answers are longer nearly always, length is what the model learns first, and it becomes verbose (dpo #32, trl #2003, LLaMA-Factory #5321). Told when the effect size of paired log lengths (Cohen’s d) is 0.8 or more in at least 100 pairs.',
    mend: 'Add pairs in which the shorter answer is better.',
  },
  'quality/refusal': {
    why: 'A few hundred refusals teach a small model to refuse much more than those.',
    bad: answered("I'm sorry, but as an AI language model I cannot do that."),
    mend: 'Keep those that you want; remove the others.',
  },
  'quality/placeholder': {
    why: 'Text that somebody meant to fill in. Rows that ask for a letter, form or template are left alone, and so is code.',
    bad: answered('Our offices are at [insert address] in the city.'),
    mend: 'Fill it in or remove the row.',
  },
  'quality/html': {
    why: 'Remains of a web page: the model learns to write tags in prose. Rows about HTML and code are left alone.',
    bad: answered('First line<br>second&nbsp;line'),
    mend: 'Convert it to plain text.',
  },
  'quality/repeated-text': {
    why: 'A text that goes round in circles, usually made by a model in a loop; a phrase that comes five times or more in a row is told. Learning it makes loops more likely.',
    bad: answered('and so it goes '.repeat(10)),
    mend: 'Keep the phrase once, or remove the row.',
  },
  'quality/duplicate': {
    why: 'The row says the same as an earlier one, whatever its fields are called: it counts twice in every epoch.',
    bad: '{"instruction": "Hello", "output": "Hi"}\n{"output": "Hi", "instruction": "Hello"}',
    mend: 'Remove the copy; use `weight` where rows shall count twice.',
  },
  'quality/near-duplicate': {
    why: 'At least 70 % of the three-word runs are those of an earlier row (MinHash with 64 numbers). Templates filled in many times teach the template.',
    mend: 'Keep one of them, or make them differ more.',
  },
  'quality/conflicting-answers': {
    why: 'The same prompt stands in the file with another answer. Fine for open questions; for facts and labels one of them is wrong.',
    bad: '{"instruction": "Name a colour of the rainbow.", "output": "Red"}\n{"instruction": "Name a colour of the rainbow.", "output": "Blue"}',
    mend: 'Look at both.',
  },
  'quality/length-outlier': {
    why: 'Longer than the upper quartile of the log lengths of all answers by four quartile ranges: often several rows in one.',
    mend: 'Look at the row.',
  },
  'quality/language-outlier': {
    why: 'Nearly all answers are in one language, this one surely in another. By script for all; by letters that others of the script do not have for nine languages of Cyrillic and Arabic script (Persian and Urdu among them), and by frequent words for twenty-one of Latin script and Devanagari. Where nothing is certain, nothing is told.',
    mend: 'Translate or remove it, unless it is meant.',
  },
  'quality/label-imbalance': {
    why: 'Answers are labels, and the rarest comes less than a twentieth as often as the commonest: the model may never answer it.',
    mend: 'Add rows of the rare label, or raise their file’s `weight`.',
  },
  'quality/leak': {
    why: 'The validation loss of rows that are trained says how well they were learned by heart.',
    mend: 'Remove them from one of the files. `finetune check train.jsonl validation.jsonl` looks for them.',
  },
  'safety/email': {
    why: 'A model repeats what it was trained on, to anybody. Addresses that are kept for examples (RFC 2606) are left alone.',
    bad: answered('Write to jane.miller@gmail.com.'),
    mend: 'Invent one.',
  },
  'safety/phone': {
    why: 'As above. Numbers with a country code, and those written as in the United States, except the exchange 555.',
    bad: answered('Call +49 30 90182000 now.'),
    mend: 'Invent one.',
  },
  'safety/card': {
    why: 'As above. Beginning, length and check digit (Luhn) must be right; numbers that card companies give out for tests are left alone.',
    bad: answered('Charge 4539 5787 6362 1486 please.'),
    mend: 'Invent one.',
  },
  'safety/iban': {
    why: 'As above. The check digits must be right (ISO 13616).',
    bad: answered('Send it to DE75512108001245126199.'),
    mend: 'Invent one.',
  },
  'safety/access-token': {
    why: 'Whoever gets the model may get the account. Tokens of well-known services, by the beginnings that these gave them.',
    bad: answered('Use ghp_' + '16C7e42F292c6912E7710c838347Ae178B4a'),
    mend: 'Revoke the key at once, then replace it.',
  },
  'safety/private-key': {
    why: 'Whoever gets the model may get the key.',
    bad: answered(
      '-----BEGIN PRIVATE KEY-----\nMIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQg\n-----END PRIVATE KEY-----',
    ),
    mend: 'Revoke the key, then replace it.',
  },
};
