// Languages by what tells them: the blocks of their letters, letters of their own, and frequent words.

/** First code unit and end of the blocks in which the letters of a script lie. */
export const blocks: readonly (readonly [start: number, end: number, script: string])[] = [
  [0x41, 0x250, 'Latin'],
  [0x370, 0x400, 'Greek'],
  [0x400, 0x530, 'Cyrillic'],
  [0x530, 0x590, 'Armenian'],
  [0x590, 0x600, 'Hebrew'],
  [0x600, 0x780, 'Perso-Arabic'],
  [0x900, 0x980, 'Devanagari'],
  [0x980, 0xa00, 'Bengali'],
  [0xa00, 0xa80, 'Punjabi'],
  [0xa80, 0xb00, 'Gujarati'],
  [0xb80, 0xc00, 'Tamil'],
  [0xc00, 0xc80, 'Telugu'],
  [0xc80, 0xd00, 'Kannada'],
  [0xd00, 0xd80, 'Malayalam'],
  [0xd80, 0xe00, 'Sinhala'],
  [0xe00, 0xe80, 'Thai'],
  [0xe80, 0xf00, 'Lao'],
  [0x1000, 0x10a0, 'Burmese'],
  [0x10a0, 0x1100, 'Georgian'],
  [0x1200, 0x1380, 'Amharic'],
  [0x1780, 0x1800, 'Khmer'],
  [0x1e00, 0x1f00, 'Latin'],
  [0x1f00, 0x2000, 'Greek'],
  [0x3040, 0x3100, 'Kana'],
  [0x4e00, 0xa000, 'Han'],
  [0xac00, 0xd7b0, 'Korean'],
];

/** A language that is told from others of its script by its letters. */
export interface LettersOfLanguage {
  readonly language: string;
  readonly script: string;
  /** Some of these are in nearly every sentence. */
  readonly own: string;
  /** A text with one of these is in another language. */
  readonly foreign: string;
}

const russian = 'ыэё';
const ukrainian = 'ії';
const southSlavic = 'јљњђћџѓќѕ';
const turkic = 'әғқңөұүһ';
const urdu = 'ٹڈڑںےہ';
/** Of Pashto, Kurdish, Uyghur and Sindhi. */
const othersOfArabic = 'ټډړږښځڅېۍګڕڵۆێەۇۈڭٻڀٺٿڄڃڦڳڱڻڪ';

export const lettersOfLanguages: readonly LettersOfLanguage[] = [
  { language: 'Russian', script: 'Cyrillic', own: russian, foreign: `${ukrainian}ґўє${southSlavic}${turkic}` },
  { language: 'Ukrainian', script: 'Cyrillic', own: `${ukrainian}ґє`, foreign: `ўъ${russian}${southSlavic}${turkic}` },
  { language: 'Bulgarian', script: 'Cyrillic', own: 'ъ', foreign: `${russian}${ukrainian}ґўє${southSlavic}${turkic}` },
  { language: 'Serbian', script: 'Cyrillic', own: 'јљњђћџ', foreign: `ѓќѕъщюяй${russian}${ukrainian}ў${turkic}` },
  { language: 'Macedonian', script: 'Cyrillic', own: 'ѓќѕ', foreign: `ђћъщюяй${russian}${ukrainian}ў${turkic}` },
  { language: 'Kazakh', script: 'Cyrillic', own: 'әғқұ', foreign: `ўєґї${southSlavic}` },
  { language: 'Arabic', script: 'Perso-Arabic', own: 'ةىيكأإ', foreign: `پچژگکی${urdu}${othersOfArabic}` },
  { language: 'Persian', script: 'Perso-Arabic', own: 'پچژگکی', foreign: `${urdu}${othersOfArabic}` },
  { language: 'Urdu', script: 'Perso-Arabic', own: urdu, foreign: othersOfArabic },
];

/** Frequent words that are no words of the other languages of the script. */
export const wordsOfLanguages: readonly (readonly [language: string, script: string, words: string])[] = [
  [
    'English',
    'Latin',
    'the and is are was were of that this with for you your from have has not which their they would can it be',
  ],
  [
    'German',
    'Latin',
    'der das und ist nicht ein eine einen mit auf für sich dem den von zu wird auch werden oder sind kann aber wie',
  ],
  [
    'French',
    'Latin',
    'les des est une dans pour qui pas avec sur vous nous sont cette par ces être aux plus ils elle leur mais',
  ],
  [
    'Spanish',
    'Latin',
    'los las una con por para pero más este esta como sus del está son muy puede también hay ser fue sobre',
  ],
  [
    'Italian',
    'Latin',
    'il gli di che della dei delle nel sono per più anche questo questa alla essere con dal molto può quando',
  ],
  [
    'Portuguese',
    'Latin',
    'os não uma com para mais dos das como mas ao ele foi são também pode você isso seu sua pela pelo',
  ],
  [
    'Dutch',
    'Latin',
    'het een van en niet zijn dat voor met op ook aan worden wordt bij naar deze deel kan maar hebben uit',
  ],
  ['Polish', 'Latin', 'się nie jest że na do są jak oraz przez może aby dla które który tego być lub tym po ale czy'],
  ['Swedish', 'Latin', 'och att det som är på inte av för med den till ett kan har om eller från vara detta sig också'],
  // Most of their frequent words are the same.
  [
    'Danish or Norwegian',
    'Latin',
    'og at er til ikke på med det som den af av har kan fra eller også være efter etter jeg de blir bliver',
  ],
  ['Turkish', 'Latin', 'bir ve bu için ile olarak da çok daha gibi olan en ne var kadar sonra her veya değil olduğu'],
  [
    'Indonesian',
    'Latin',
    'yang dan di untuk dengan tidak ini itu dari dalam pada adalah akan atau dapat bisa juga oleh karena',
  ],
  ['Czech', 'Latin', 'se že jako pro nebo jsou která který které být také při byl bylo však podle až než ještě už'],
  ['Romanian', 'Latin', 'și de în la cu nu este sunt care pentru din mai sau fi ca dar această prin poate după'],
  ['Hungarian', 'Latin', 'és az hogy nem egy van ez is meg mint vagy csak lehet azt volt ha már kell ezt egyik'],
  ['Finnish', 'Latin', 'ja on ei se että ovat oli voi tai mutta kun kuin myös joka niin sen hän tämä sekä mukaan'],
  ['Vietnamese', 'Latin', 'và của là có không được cho các một trong những người với này đã khi để từ thể như'],
  ['Catalan', 'Latin', 'els amb per que és una més aquest però també seva als dels hi aquesta són tot molt això'],
  ['Hindi', 'Devanagari', 'है में के की का और से पर यह हैं ने नहीं था लिए कि इस एक भी हो तो'],
  ['Marathi', 'Devanagari', 'आहे आणि या हे ते होते नाही त्या आहेत एक असे हा ही होता करून मध्ये साठी'],
  ['Nepali', 'Devanagari', 'छ र मा हो गर्न भएको छन् यो पनि गरेको लागि हुन्छ तथा थियो गर्ने भने'],
];
