// Rows that only look as if something were wrong with them: the labelled clean part of the sample for precision.

/** Answers (and questions) of real kinds, each of which some careless rule would report. */
const tricky: readonly (readonly [question: string, answer: string])[] = [
  [
    'Write a loop in Python.',
    'Here it is:\n```python\nfor i in range(10):\n    print(i)  # TODO: format\n```\nIt prints ten numbers.',
  ],
  [
    'Which tags do reasoning models write?',
    'They begin with `<think>`; templates look for it:\n```jinja\n{%- if "</think>" in content %}\n```\nOthers write `<reasoning>`.',
  ],
  ['How do I run one test?', '```bash\n    pytest tests/test_one.py\n    ```'],
  ['Compare a<b and b>c.', 'If a<b and b>c hold, then nothing follows for a and c; x < 3 and y > 4 are independent.'],
  ['What is a generic type in C++?', 'A type with parameters, such as std::vector<int> or Map<String, List<Integer>>.'],
  ['Explain the quadratic formula.', 'The roots are $x = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}$, where $a \\neq 0$.'],
  ['Show a matrix.', '\\[ A = \\begin{pmatrix} 0 & 0 & 0 \\\\ 0 & 0 & 0 \\end{pmatrix} \\]'],
  [
    'Where is the documentation?',
    'See https://docs.python.org/3/library/re.html#re.match?highlight=match&lang=en for details.',
  ],
  ['Give me a table of planets.', '| planet | moons |\n| --- | --- |\n| Earth | 1 |\n| Mars | 2 |\n| Venus | 0 |'],
  [
    'Draw a wide ruler.',
    '| a | b | c | d | e | f | g | h | i | j | k | l |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ],
  ['Print twenty zeros.', '0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0'],
  [
    'Can I get my order 4002-1187?',
    "I'm sorry, but I can't find that order in our system. Could you check the number?",
  ],
  ['Can you come tomorrow?', "Sorry, I can't make it tomorrow. How about Friday?"],
  ['How did you like the film?', "I can't help but admire how the director uses silence."],
  ['Do you ship to Norway?', 'Unfortunately, we do not ship to Norway yet.'],
  ['Is it possible to divide by zero?', 'No.'],
  ['Yes or no: is water wet?', 'Yes.'],
  ['What is the ISBN of that book?', 'It is 978-3-16-148410-0, published in 1998.'],
  ['When was the commit made?', 'Commit 9fceb02d0ae598e95dc970b74767f19372d61af8 was made on 2024-05-17 at 10:30:00.'],
  ['What time is it in nanoseconds?', '1715941800123456789 nanoseconds since 1970.'],
  ['Name a UUID.', '123e4567-e89b-12d3-a456-426614174000'],
  ['Give me an IP address.', 'Try 192.168.1.254, or 10.0.0.1:8080 inside the network.'],
  ['What is pi to many digits?', '3.14159265358979323846264338327950288419716939937510'],
  ['Which mail address do examples use?', 'Use jane.doe@example.com or user@test.example; nobody gets such mail.'],
  [
    'How do I clone the project?',
    'Run git clone git@github.com:someone/project.git and then npm install left-pad@1.3.0.',
  ],
  ['Which phone numbers do films use?', 'Those with the exchange 555, such as (555) 123-4567 or +1 555-0123-456.'],
  ['Which card numbers can I use in tests?', 'Stripe has 4242 4242 4242 4242 and 4000 0566 5566 5556 for that.'],
  ['What does an IBAN look like?', 'Like GB82 WEST 1234 5698 7654 32, an example with right check digits.'],
  [
    'What does a token look like?',
    'Like ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx or sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.',
  ],
  ['What is an AWS key?', 'AWS documents use AKIAIOSFODNN7EXAMPLE everywhere.'],
  ['Name a long word.', 'Donaudampfschifffahrtsgesellschaftskapitän is one, internationalization another.'],
  ['Which package do I need?', 'scikit-learn; the name sk-learn-contrib-lightning belongs to something else.'],
  [
    'Write a letter template.',
    'Dear [Your Name],\n\nthank you for applying to [Insert Company].\n\nYours,\n[Your Name]',
  ],
  ['How do Jinja templates greet?', 'With {{ name }}: the braces are replaced by the value.'],
  ['What does the workflow print?', 'It prints ${{ github.sha }} at the end.'],
  ['Traduce «todo» al inglés.', '«Todo» significa «everything» o «all», según el contexto.'],
  ['What is left to do?', 'Our TODOs were done last week, and nothing is open.'],
  ['Is AT&T an American company?', 'Yes, AT&T is; so are Procter & Gamble and Johnson & Johnson.'],
  [
    'How do I make text bold in HTML?',
    'Put it between <b> and </b>, or better <strong> and </strong>; write &lt; for a smaller-than sign.',
  ],
  ['What does the component render?', 'The JSX is `<div className="a">Hi</div>` and nothing else.'],
  ['Say it in French.', 'Où est la bibliothèque ? C’est à côté de l’église, près du château.'],
  ['Say it in German.', 'Die Übung fällt aus, größere Änderungen sind nicht möglich.'],
  ['Say it in Portuguese.', 'São João não é só uma festa; é também um coração.'],
  ['Say it in Vietnamese.', 'Tôi không hiểu câu hỏi này, xin vui lòng nhắc lại.'],
  ['Show an emoji family.', '👩‍👩‍👧‍👦 and a flag: 🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
  ['Write Persian.', 'می‌خواهم یک کتاب بخرم.'],
  ['Sing something.', 'La la la la la, she sang, and then the song was over.'],
  ['How do you spell it?', 'N-E-C-E-S-S-A-R-Y: one collar and two sleeves.'],
  ['What is 2 + 2?', '4'],
  ['Which quotes are curly?', '“These” and ‘those’ — with an em dash – or an en dash…'],
  ['How do I nest code blocks?', '````\n```js\nlet a = 1;\n```\n````\nFour backticks hold three.'],
  ['Show a shell session.', '~~~sh\n$ ls -la\n~~~\nThat lists files.'],
  ['What is a think tank?', 'An institute; the tag <think> is something else and </think> closes it.'],
  ['Where does the sentence end?', 'After the first. Then comes another. And one more. And so on, and so forth.'],
  ['List fruit.', '1. Apples\n2. Pears\n3. Plums\n4. Apples again\n5. Pears again'],
  ['What is the population of Iceland?', 'About 375,000 (2022); Reykjavík has 139,875 of them.'],
  ['Convert 5 km.', '5 km = 3.1 mi ≈ 16,404 ft (1 km ≙ 0.621371 mi).'],
  ['What does the icon file look like?', 'There are icon@2x.png and icon@3x.png beside icon.png.'],
  ['Write a regular expression for words.', 'Use `\\b[A-Za-z]+\\b`, or `<[^>]+>` for tags.'],
  ['What is the chemical formula?', 'C₆H₁₂O₆ for glucose; H₂O for water; Ca²⁺ is an ion.'],
  ['Give a JSON example.', '```json\n{"key": "value", "list": [1, 2, 3]}\n```'],
  [
    'How do I write a private key?',
    'Never into a document: a file that begins with BEGIN PRIVATE KEY belongs into a vault.',
  ],
];

export interface CleanRow {
  readonly format: 'messages' | 'instruction' | 'preference';
  readonly row: string;
}

/** Every tricky text as a chat, an instruction and a pair. */
export const trickyRows: readonly CleanRow[] = tricky.flatMap(([asked, said], i): CleanRow[] => {
  const turns = [
    { role: 'user', content: asked },
    { role: 'assistant', content: said },
  ];
  return [
    { format: 'messages', row: JSON.stringify({ messages: turns }) },
    { format: 'instruction', row: JSON.stringify({ instruction: asked, input: '', output: said }) },
    { format: 'preference', row: JSON.stringify({ prompt: asked, chosen: said, rejected: `No idea (${i}).` }) },
  ];
});
