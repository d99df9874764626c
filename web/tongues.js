// Which language a text is in, so that a screen reader reads it right: what documents, answers and
// people say is mostly not in that of the page. By their commonest words, else English.
(() => {
  const brief = window.sahelBrief;
  const SAMPLE_CHARS = 3000;
  const COMMON = {
    en: 'the of and to in is was that for with by as on from at has have had were are not which who what when how does did about',
    fr: 'le la les des du un une et est sont dans pour que qui sur avec par au aux en ce cette ne pas plus ont été selon après l d qu',
  };
  const LANGUAGE = new Map(Object.entries(COMMON).flatMap(([language, words]) => words.split(' ').map((w) => [w, language])));
  // What the page itself does not say; of a document the whole, not each paragraph.
  const SAID = '.card .said > :not(.source), .card .quote, .card .removed li, .card a.ask, .card .next button, '
    + '#chat .user-row .message, .example, #conversations .name, #library .doc-name, #library .aside li, #viewer .doc-title, '
    + '#viewer .contents .headings, .hint .quote, #brief .answer:not(.declined), #stage .question, #stage .said:not(.declined), #stage q';

  brief.languageOf = (text) => {
    const sample = text.slice(0, SAMPLE_CHARS);
    if ((sample.match(/\p{Script=Arabic}/gu) || []).length > sample.length / 2) return 'ar';
    const count = { en: 0.5, fr: 0 };
    for (const word of sample.toLowerCase().match(/\p{L}+/gu) || []) {
      if (LANGUAGE.has(word)) count[LANGUAGE.get(word)] += 1;
    }
    return count.fr > count.en ? 'fr' : 'en';
  };
  const mark = (node, text) => {
    const language = brief.languageOf(text);
    if (node.lang !== language) node.lang = language;
  };

  let drawing = 0;
  const seen = new WeakMap(); // node -> what it said then
  const all = () => {
    for (const node of document.querySelectorAll(SAID)) {
      const text = node.textContent;
      if (seen.get(node) !== text) mark(node, text);
      seen.set(node, text);
    }
  };
  new MutationObserver(() => {
    cancelAnimationFrame(drawing);
    drawing = requestAnimationFrame(all);
  }).observe(document.documentElement, { subtree: true, childList: true, characterData: true });

  // Of a long document its beginning tells.
  document.addEventListener('shown', () => {
    const text = document.querySelector('#viewer .text');
    let sample = '';
    for (const block of text ? text.querySelectorAll('.block') : []) {
      sample += `${block.textContent} `;
      if (sample.length > SAMPLE_CHARS) break;
    }
    if (sample) mark(text, sample);
  });
})();
