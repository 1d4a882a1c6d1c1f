// Languages of sentences, and that no language is taken for another of its script.
import { expect, test } from 'vitest';
import { isCertain, languageOf, languages, scriptOf } from '../../../src/lint/language.ts';

// Article 1 of the Universal Declaration of Human Rights.
const sentences: Readonly<Record<string, string>> = {
  English:
    'All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.',
  German:
    'Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.',
  'Danish or Norwegian':
    'Alle mennesker er født frie og lige i værdighed og rettigheder. De er udstyret med fornuft og samvittighed, og de bør handle mod hverandre i en broderskabets ånd.',
  Swedish:
    'Alla människor är födda fria och lika i värde och rättigheter. De har utrustats med förnuft och samvete och bör handla gentemot varandra i en anda av broderskap.',
  Romanian:
    'Toate ființele umane se nasc libere și egale în demnitate și în drepturi. Ele sunt înzestrate cu rațiune și conștiință și trebuie să se comporte unele față de altele în spiritul fraternității.',
  Vietnamese:
    'Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. Mọi con người đều được tạo hóa ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình bằng hữu.',
  Russian:
    'Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства.',
  Ukrainian:
    'Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені розумом і совістю і повинні діяти у відношенні один до одного в дусі братерства.',
  Bulgarian:
    'Всички хора се раждат свободни и равни по достойнство и права. Те са надарени с разум и съвест и следва да се отнасят помежду си в дух на братство. Това е първият член.',
  Serbian:
    'Сва људска бића рађају се слободна и једнака у достојанству и правима. Она су обдарена разумом и свешћу и треба једни према другима да поступају у духу братства.',
  Kazakh:
    'Барлық адамдар тумысынан азат және қадір-қасиеті мен құқықтары тең болып дүниеге келеді. Адамдарға ақыл-парасат, ар-ождан берілген.',
  Arabic:
    'يولد جميع الناس أحرارا متساوين في الكرامة والحقوق، وقد وهبوا عقلا وضميرا وعليهم أن يعامل بعضهم بعضا بروح الإخاء.',
  Persian:
    'تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند. همه دارای عقل و وجدان می‌باشند و باید نسبت به یکدیگر با روح برادری رفتار کنند.',
  Urdu: 'تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔ انہیں ضمیر اور عقل ودیعت ہوئی ہے۔ اس لیے انہیں ایک دوسرے کے ساتھ بھائی چارے کا سلوک کرنا چاہیے۔',
  Hindi:
    'सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। उन्हें बुद्धि और अन्तरात्मा की देन प्राप्त है और परस्पर उन्हें भाईचारे के भाव से बर्ताव करना चाहिए।',
  Nepali:
    'सबै व्यक्तिहरू जन्मजात स्वतन्त्र हुन् र तिनीहरूको समान अधिकार र महत्व छ। तिनीहरूमा विचार शक्ति र सद्विवेक भएको हुनाले मानिसले एक अर्कामा भ्रातृत्वको व्यवहार गर्नु पर्छ र यो हो।',
  Japanese:
    'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。',
  Chinese: '人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。',
  Greek: 'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.',
  Tamil: 'மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்.',
};

test.each(Object.entries(sentences))('%s', (language, sentence) => {
  expect(languages[languageOf(sentence)]).toBe(language);
  expect(isCertain(languageOf(sentence))).toBe(true);
});

test('a language that is not known is given by its script alone, not taken for another', () => {
  const unknown: Readonly<Record<string, readonly string[]>> = {
    'Perso-Arabic': [
      'ټول انسانان آزاد نړۍ ته راځي او د حيثيت او حقوقو له مخې سره برابر دي. ټول د عقل او وجدان خاوندان دي.',
      'هەموو مرۆڤەکان بە ئازادی و بە یەکسانی لە کەرامەت و مافدا لە دایک دەبن. هەموویان خاوەنی هۆش و ویژدانن.',
      'ھەممە ئادەم زانىدىنلا ئەركىن، ئىززەت-ھۆرمەت ۋە ھوقۇقتا باپباراۋەر بولۇپ تۇغۇلغان.',
    ],
    Latin: [
      'Kõik inimesed sünnivad vabadena ja võrdsetena oma väärikuselt ja õigustelt.',
      'Dukkan ’yan Adam an haife su ne a ’yantattu, kuma kowa na da mutunci da hakkoki daidai da kowa.',
    ],
    Han: ['東京都'],
    Cyrillic: ['Да.'],
  };
  for (const [script, texts] of Object.entries(unknown))
    for (const text of texts) expect([text, languages[languageOf(text)]]).toEqual([text, script]);
  expect(isCertain(languageOf('東京都'))).toBe(false);
  expect(scriptOf(languageOf('東京都'))).toBe(scriptOf(languages.indexOf('Japanese')));
  expect(languageOf('12 + 7 = 19')).toBe(0);
});
