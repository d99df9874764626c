// Finds words in the document shown, however they are accented or spelled in capitals.
(() => {
  const brief = window.sahelBrief;
  const { element, viewer } = brief;
  const WAIT_MS = 120; // after a key, so that a word being typed is looked for once
  const { ODD, fold, origins, width } = brief.folding;

  const form = element('form', 'find');
  form.setAttribute('role', 'search');
  form.hidden = true;
  const field = element('input');
  field.setAttribute('aria-label', 'Find in this document');
  field.placeholder = 'Find in this document';
  field.autocomplete = 'off';
  field.spellcheck = false;
  const count = element('span', 'count');
  count.setAttribute('role', 'status');
  const button = (sign, label, act) => {
    const node = element('button', '', sign);
    node.type = 'button';
    node.title = label;
    node.setAttribute('aria-label', label);
    node.addEventListener('click', act);
    return node;
  };
  const open = button('', 'Find in this document (/)', () => (form.hidden ? start() : close()));
  open.append(element('span', 'sign', '⌕'), element('span', 'word', 'Find'));
  form.append(field, count, button('‹', 'Previous hit (Shift+Enter)', () => go(-1)),
    button('›', 'Next hit (Enter)', () => go(1)), button('×', 'Close (Escape)', () => close()));
  viewer.tools.append(open);
  viewer.head.append(form);

  let folded = null; // the words of each block, made when it is first looked in
  let sheetOf = new Map(); // sheet -> block numbers
  let inBlock = []; // of each hit, in order: the block's number,
  let begins = []; // and where in its folded words
  let of = new Map(); // block number -> the numbers of its hits: first, and one past the last
  let now = -1; // the hit that is shown
  let anchor = 0; // the block from which on the first hit is shown
  let query = '';
  let timer = 0;
  let painted = new Set(); // block numbers with marks

  const paint = (n) => {
    const block = viewer.blocks()[n];
    const [first, last] = of.get(n);
    const at = ODD.test(block.text) && origins(block.text);
    const spans = begins.slice(first, last).map((from, i) => {
      const to = from + query.length;
      const kind = first + i === now ? 'current' : 'found';
      return at ? [at[from], at[to - 1] + width(block.text, at[to - 1]), kind] : [from, to, kind];
    });
    viewer.mark(block, 'finder', spans);
    painted.add(n);
  };

  // Only what is in view is marked: a short word may be there 100,000 times.
  let watcher = null;
  const watch = () => {
    const entered = (entries) => {
      const sheets = entries.filter((e) => e.isIntersecting).map((e) => sheetOf.get(e.target) || []);
      sheets.flat().filter((n) => of.has(n) && !painted.has(n)).forEach(paint);
    };
    watcher = new IntersectionObserver(entered, { root: viewer.frame(), rootMargin: '50% 0%' });
    for (const sheet of sheetOf.keys()) watcher.observe(sheet);
  };

  const clear = () => {
    if (watcher) watcher.disconnect();
    for (const n of painted) viewer.mark(viewer.blocks()[n], 'finder', []);
    painted = new Set();
    [inBlock, begins, of, now] = [[], [], new Map(), -1];
    count.textContent = '';
  };

  const prepare = () => {
    if (folded) return;
    folded = viewer.blocks().map((block) => fold(block.text));
    sheetOf = new Map();
    viewer.blocks().forEach(({ node }, n) => {
      const sheet = node.parentElement;
      if (!sheetOf.has(sheet)) sheetOf.set(sheet, []);
      sheetOf.get(sheet).push(n);
    });
  };

  const english = (n) => n.toLocaleString('en-GB');
  const wanted = () => fold(field.value).trim();

  const look = () => {
    clearTimeout(timer);
    if (wanted() === query) return;
    clear();
    query = wanted();
    if (!query) return;
    prepare();
    folded.forEach((words, n) => {
      const first = begins.length;
      for (let at = words.indexOf(query); at >= 0; at = words.indexOf(query, at + query.length)) {
        inBlock.push(n);
        begins.push(at);
      }
      if (begins.length > first) of.set(n, [first, begins.length]);
    });
    count.textContent = begins.length ? `${english(begins.length)} found` : 'none found';
    if (begins.length) watch();
  };

  const land = (hit) => {
    const before = inBlock[now];
    now = hit;
    if (before !== undefined) paint(before);
    paint(inBlock[now]);
    count.textContent = `${english(now + 1)} of ${english(begins.length)}`;
    viewer.reach(viewer.text.querySelector('mark.current'));
  };

  // Look, and show the first hit from where somebody read.
  const find = () => {
    look();
    if (!begins.length || now >= 0) return;
    const after = inBlock.findIndex((n) => n >= anchor);
    land(after < 0 ? 0 : after);
  };

  const go = (step) => {
    if (now < 0 || wanted() !== query) return find();
    land((now + step + begins.length) % begins.length);
    anchor = inBlock[now];
  };

  // What is read now: from there on the first hit is shown.
  const reading = () => {
    const view = viewer.frame().getBoundingClientRect();
    const y = view.top + viewer.head.offsetHeight + 8;
    for (let down = 0; down < view.height; down += 24) {
      const node = document.elementFromPoint(view.left + view.width / 2, y + down)?.closest('.block');
      const at = node ? viewer.blocks().findIndex((b) => b.node === node) : -1;
      if (at >= 0) return at;
    }
    return 0;
  };

  // Printed pages make room for the text while words are found in it.
  const tell = (finding) => document.dispatchEvent(new CustomEvent('finding', { detail: finding }));

  const start = () => {
    tell(true);
    if (form.hidden) anchor = reading();
    form.hidden = false;
    open.setAttribute('aria-expanded', 'true');
    field.focus();
    field.select();
    find();
  };

  const close = () => {
    const at = viewer.text.querySelector('mark.current')?.closest('.block');
    form.hidden = true;
    open.setAttribute('aria-expanded', 'false');
    clear();
    query = '';
    // On from where the hit was.
    if (at) viewer.focus(at); else viewer.frame().focus({ preventScroll: true });
    tell(false);
  };

  open.setAttribute('aria-expanded', 'false');
  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(find, WAIT_MS);
  });
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      event.stopPropagation(); // of the viewer: it leads back to the answer
      close();
    } else if (event.key === 'Enter' && event.target === field) {
      event.preventDefault();
      go(event.shiftKey ? -1 : 1);
    }
  });
  document.addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (key !== '/' || event.ctrlKey || event.metaKey || event.altKey || !viewer.shown()) return;
    if (!target.closest || !target.closest('#viewer') || target.matches('input')) return;
    event.preventDefault();
    start();
  });
  document.addEventListener('found-enough', () => close());
  document.addEventListener('shown', ({ detail }) => {
    painted = new Set();
    clear();
    [folded, query, anchor] = [null, '', 0];
    open.hidden = !detail;
    if (!detail) form.hidden = true;
    else if (!form.hidden) look(); // on in the other document
  });
})();
