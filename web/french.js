// The page in French or English. The scripts and the server write English; what of it is the page's
// own is put into French where it appears (`french.json`), and back again. What documents, answers
// and people say is left alone.
(() => {
  const brief = window.sahelBrief;
  const KEY = 'language';
  const root = document.documentElement;
  const MONTHS = 'January February March April May June July August September October November December'.split(' ');
  const MOIS = 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre'.split(' ');
  const MONTH = `(?:${MONTHS.join('|')})`;

  // What is not the page's, as text and as attributes. A quotation's own title is the page's.
  const KEPT = {
    text: '#viewer .block, #viewer .doc-title, #viewer .contents .headings, .quote, .card .said > :not(.source), .card .removed li, .card a.ask, '
      + '.card .next button, .user-row, .example, #conversations .name, #library .doc-name, #library .file, #library .aside li, '
      + '#brief .answer:not(.declined), #stage .question, #stage .said:not(.declined), #stage q, script, style',
    title: '#viewer .doc-title, #conversations .name',
    'aria-label': '#library progress',
    placeholder: '#brief .title',
    alt: '',
  };
  const ATTRIBUTES = Object.keys(KEPT).slice(1);
  // Where the page's words stand among a document's: of these only dates and places are its own.
  const MIXED = '.card span.where, .card .source, .hint .where, #viewer .page, #viewer .contents .slides, #viewer .doc-facts, #library .origin, #stage .where';

  // {n} a figure, {x} what stays, {w} what is put into French too, {d} a day, {m} a month or year,
  // {t} a time.
  const SHAPES = {
    n: '(\\d[\\d,]*(?:\\.\\d+)?)', x: '([^]+?)', w: '([^]+?)', d: `(\\d{1,2} ${MONTH} \\d{4})`,
    m: `((?:${MONTH} )?\\d{4})`, t: '(\\d\\d:\\d\\d)',
  };
  const month = (words) => words.replace(new RegExp(MONTH), (name) => MOIS[MONTHS.indexOf(name)]);
  const PUT = {
    n: (figure) => figure.replace(/,/g, '\u202f').replace('.', ','),
    d: (day) => month(day).replace(/^1 /, '1er '),
    m: month,
    w: (words) => inFrench(words),
  };
  // No line begins with a sign: before it is a space that does not break.
  const spaced = (words) => words.replace(/ ([;?!])/g, '\u202f$1').replace(/ ([:»%])/g, '\u00a0$1').replace(/« /g, '«\u00a0');
  const SLOT = /\{([nxwdmt]\d?)\}/;

  const dictionary = (pairs) => {
    const exact = new Map();
    const shaped = [];
    for (const [english, french] of Object.entries(pairs)) {
      if (!SLOT.test(english)) { exact.set(english, spaced(french)); continue; }
      const pieces = english.split(SLOT);
      const source = pieces.map((p, i) => (i % 2 ? SHAPES[p[0]] : p.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))).join('');
      const slots = pieces.filter((p, i) => i % 2);
      const length = pieces.filter((p, i) => !(i % 2)).join('').length;
      shaped.push({ pattern: new RegExp(`^${source}$`), slots, length, french: spaced(french).split(SLOT) });
    }
    shaped.sort((a, b) => b.length - a.length); // what says more is tried first
    return { exact, shaped };
  };
  const own = dictionary(brief.french.words);
  const facts = dictionary(brief.french.facts);

  const shape = (words, { exact, shaped }) => {
    if (exact.has(words)) return exact.get(words);
    for (const { pattern, slots, french } of shaped) {
      const found = pattern.exec(words);
      const put = found && slots.map((slot, i) => (PUT[slot[0]] || String)(found[i + 1]));
      if (put && !put.includes(null)) return french.map((p, i) => (i % 2 ? put[slots.indexOf(p)] : p)).join('');
    }
    return null;
  };
  // Words in French, null where they are not known. Of a line of facts each is put by itself.
  const inFrench = brief.inFrench = (words, known = own) => {
    const whole = known === facts && words.includes(' · ') ? null : shape(words, known);
    if (whole !== null) return whole;
    for (const [sign, all] of [[' · ', false], [', ', true]]) {
      const parts = words.split(sign);
      const put = parts.length > 1 ? parts.map((part) => shape(part, known)) : [];
      if (put.length && (all ? !put.includes(null) : put.some((p) => p !== null))) {
        return put.map((p, i) => (p === null ? parts[i] : p)).join(sign);
      }
    }
    return null;
  };
  const LINES = 2000; // that are remembered, as a card is drawn anew at each word of an answer
  const said = new Map();
  const french = (words, known) => {
    const key = `${known === facts} ${words}`;
    if (!said.has(key)) {
      if (said.size >= LINES) said.clear();
      said.set(key, inFrench(words, known));
    }
    return said.get(key);
  };

  let language = '';
  const before = new WeakMap(); // node -> what it said in English and says in French, by attribute

  // Show a node's text, or one of its attributes, in the language that is chosen.
  const put = (node, key, now, known, write) => {
    const all = before.get(node) || {};
    const english = all[key] && all[key].french === now ? all[key].english : now;
    let wanted = english;
    if (language === 'fr') {
      const [, start, words, end] = english.match(/^(\s*)([^]*?)(\s*)$/);
      const found = words && french(words, known);
      if (found) {
        wanted = start + found + end;
        before.set(node, { ...all, [key]: { english, french: wanted } });
      }
    }
    if (wanted !== now) write(wanted);
  };
  const text = (node) => {
    const parent = node.parentElement;
    if (!parent || !node.data.trim() || parent.closest(KEPT.text)) return;
    put(node, 'text', node.data, parent.closest(MIXED) ? facts : own, (words) => { node.data = words; });
  };
  const attribute = (node, name) => {
    const now = node.getAttribute(name);
    if (!now || (KEPT[name] && node.matches(KEPT[name]))) return;
    put(node, name, now, node.matches(PAGE) ? facts : own, (words) => node.setAttribute(name, words));
  };
  const attributes = (node) => ATTRIBUTES.forEach((name) => attribute(node, name));
  // A document of many pages has many blocks, which are passed over.
  const PAGE = '#viewer .sheet';
  const PAGE_WORDS = '#viewer .sheet > :is(.page, .unread, .unmarked), #viewer .face > .unread';
  const skip = (node) => (node.nodeType === Node.ELEMENT_NODE && node.matches(`${PAGE}, ${KEPT.text}`)
    ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) text(node);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    attributes(node);
    node.querySelectorAll(ATTRIBUTES.map((name) => `[${name}]`).join()).forEach(attributes);
    for (const words of [...(node.matches(PAGE_WORDS) ? [node] : []), ...node.querySelectorAll(PAGE_WORDS)]) {
      words.lang = language; // the document around it has its own
      words.childNodes.forEach(text);
    }
    if (node.closest(`${PAGE}, ${KEPT.text}`)) return;
    const walk = document.createTreeWalker(node, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, skip);
    while (walk.nextNode()) if (walk.currentNode.nodeType === Node.TEXT_NODE) text(walk.currentNode);
  };

  const watcher = new MutationObserver((changes) => {
    for (const { type, target, attributeName, addedNodes } of changes) {
      if (type === 'characterData') text(target);
      else if (type === 'attributes') attribute(target, attributeName);
      else if (!target.closest?.('#viewer .block')) addedNodes.forEach(visit);
    }
  });
  const mark = () => { if (root.lang !== language) root.lang = language; };
  const speak = (next) => {
    language = next;
    mark();
    if (language !== 'fr' && !watching) return; // who reads English has nothing to wait for
    if (!watching) watcher.observe(root, { subtree: true, childList: true, characterData: true, attributeFilter: ATTRIBUTES });
    watching = true;
    visit(root);
  };
  let watching = false;
  const isFrench = /^fr\b/i.test(localStorage.getItem(KEY) || (navigator.languages || [])[0] || '');
  speak(isFrench ? 'fr' : 'en');
  // Gradio says the browser's language when it starts.
  new MutationObserver(mark).observe(root, { attributeFilter: ['lang'] });

  document.addEventListener('click', (event) => {
    if (!event.target.closest || !event.target.closest('#language-button')) return;
    speak(language === 'fr' ? 'en' : 'fr');
    localStorage.setItem(KEY, language);
  });
})();
