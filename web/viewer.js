// The report beside the chat: shows documents as pages and marks words in them; `citations.js`,
// `contents.js` and `finder.js` say which, `printed.js` puts the printed pages of a PDF in their
// place. Document text only ever becomes text nodes.
(() => {
  const brief = window.sahelBrief = {}; // what the page's scripts share
  const SHEET_BLOCKS = 40; // of a document without pages: what the browser lays out at once
  const documents = new Map(); // id -> promise of a document
  let shown = null;
  let printed = ''; // of which original its pages are
  let stale = false; // the library has changed since
  let gone = null; // the document that was shown and is not there any more
  let asked = 0; // how often words were asked for: a document that comes late is not shown
  let blocks = []; // of the document shown, in order: what the server says of each, with its node

  const element = (tag, className, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };

  brief.element = element;

  const fetchDocument = (id) => {
    if (!documents.has(id)) {
      documents.set(id, fetch(`documents/${encodeURIComponent(id)}`).then((r) => {
        if (!r.ok) throw new Error(`document ${id}: ${r.status}`);
        return r.json();
      }).catch((error) => { documents.delete(id); throw error; }));
    }
    return documents.get(id);
  };

  // The head stays while documents change, so that a button in it keeps the focus.
  const head = element('header', 'head');
  const title = element('p', 'doc-title');
  const origin = element('p', 'doc-facts');
  const tools = element('div', 'tools');
  const text = element('div', 'text');
  const leaves = element('div', 'leaves'); // the pages of a PDF as they are printed
  leaves.hidden = true;
  head.append(title, origin, tools);

  const frame = () => {
    const viewer = document.getElementById('viewer');
    if (viewer && !viewer.contains(head)) viewer.replaceChildren(head, text, leaves);
    return viewer;
  };

  const name = (doc) => {
    title.textContent = title.title = doc.title;
    origin.textContent = [doc.as_of ? `as of ${doc.as_of}` : 'no as-of date', doc.source]
      .filter(Boolean).join(' · ');
  };

  const changed = (doc) => {
    head.classList.toggle('none', !doc);
    document.dispatchEvent(new CustomEvent('shown', { detail: doc }));
  };

  // A sheet is a page or slide, or a stretch of a document that has none. The browser lays out
  // only those in view, and takes the others to be as tall as is estimated here.
  const sheets = (all) => {
    const made = [];
    let sheet = null;
    let lines = 0;
    const done = () => { if (sheet) sheet.style.setProperty('--tall', `${Math.ceil(lines * 1.6)}rem`); };
    for (const block of all) {
      const full = sheet && !sheet.classList.contains('paper') && sheet.childElementCount >= SHEET_BLOCKS;
      if (!sheet || block.page || full) {
        done();
        sheet = element(block.page ? 'section' : 'div', block.page ? 'sheet paper' : 'sheet');
        lines = 4;
        if (block.page) {
          sheet.setAttribute('aria-label', block.page);
          sheet.classList.toggle('slide', block.page.startsWith('slide'));
          sheet.append(element('p', 'page', block.page));
        }
        made.push(sheet);
      }
      const kind = block.aside ? 'block aside' : 'block';
      block.node = element(block.level ? `h${Math.min(block.level + 1, 6)}` : 'p', kind, block.text);
      if (block.aside) block.node.title = 'Set aside: no part of what the document says';
      if (!block.text) block.node = element('p', 'unread', 'No text could be read here.');
      block.marks = {};
      sheet.append(block.node);
      lines += 1 + block.text.length / 70;
    }
    done();
    return made;
  };

  const show = async (id) => {
    const viewer = frame();
    if (shown === id && !stale) return viewer;
    const turn = asked;
    const doc = await fetchDocument(id).catch((error) => {
      if (shown !== id) throw error;
    });
    if (turn !== asked) return null;
    // After a change to the library a document has the same text, but perhaps printed pages now.
    stale = false;
    if (shown === id && (!doc || doc.printed === printed)) return viewer;
    printed = doc.printed;
    name(doc);
    blocks = doc.blocks;
    text.replaceChildren(...sheets(blocks));
    viewer.scrollTop = 0;
    shown = id;
    changed(doc);
    return viewer;
  };

  const say = (words) => {
    shown = null;
    blocks = [];
    frame();
    title.textContent = title.title = origin.textContent = '';
    text.replaceChildren(element('p', 'gone', words));
    changed(null);
  };

  // Which block an offset of the document's text is in, or the last before it.
  const indexAt = (offset) => {
    let [low, high] = [0, blocks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (blocks[middle].start <= offset) low = middle; else high = middle - 1;
    }
    return low;
  };

  // Where a span of the document lies: [block, from, to], in UTF-16 units of the block's text.
  const places = (start, end) => {
    const found = [];
    for (let n = indexAt(start); n < blocks.length && blocks[n].start < end; n += 1) {
      const block = blocks[n];
      // Offsets count characters as Python does; JavaScript counts an emoji as two.
      const characters = Array.from(block.text);
      const units = (count) => characters.slice(0, Math.max(0, count)).join('').length;
      const [from, to] = [units(start - block.start), units(end - block.start)];
      if (from < to) found.push([block, from, to]);
    }
    return found;
  };

  // Mark spans of a block, [from, to, class], for one of those who mark; others' stay.
  const mark = (block, whose, spans) => {
    block.marks[whose] = spans;
    const edges = Object.values(block.marks).flat()
      .flatMap(([from, to, kind]) => [[from, kind, 1], [to, kind, -1]]).sort((a, b) => a[0] - b[0]);
    const open = new Map(); // class -> how many spans of it are open here
    const nodes = [];
    let at = 0;
    const upTo = (next) => {
      if (next === at) return;
      const kinds = [...open.keys()].filter((kind) => open.get(kind) > 0);
      const words = block.text.slice(at, next);
      nodes.push(kinds.length ? element('mark', kinds.join(' '), words) : words);
      at = next;
    };
    for (const [edge, kind, step] of edges) {
      upTo(edge);
      open.set(kind, (open.get(kind) || 0) + step);
    }
    upTo(block.text.length);
    block.node.replaceChildren(...nodes);
  };

  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const narrow = matchMedia('(max-width: 760px)');

  // Scroll the viewer alone, so that a node is in the middle of what its head leaves free, or at
  // the top of it. In a narrow window, where the viewer is below the chat, bring that into view.
  let reached = 0;
  const reach = (node, where = 'middle', atOnce = still.matches) => {
    const viewer = frame();
    const turn = reached += 1;
    const off = () => {
      const room = viewer.clientHeight - head.offsetHeight;
      const [box, view] = [node.getBoundingClientRect(), viewer.getBoundingClientRect()];
      const over = where === 'top' ? 8 : Math.max(8, (room - box.height) / 2);
      return box.top - view.top - viewer.clientTop - head.offsetHeight - over;
    };
    const far = Math.abs(off()) > 2 * viewer.clientHeight;
    viewer.scrollBy({ top: off(), behavior: far || atOnce ? 'instant' : 'smooth' });
    // What was laid out on arrival may be taller than was estimated.
    const settle = (left) => requestAnimationFrame(() => {
      if (turn !== reached) return;
      if (Math.abs(off()) > 1) viewer.scrollBy({ top: off(), behavior: 'instant' });
      if (left) settle(left - 1);
    });
    if (far || atOnce) settle(3);
    const block = narrow.matches ? 'start' : 'nearest';
    viewer.scrollIntoView({ block, behavior: still.matches ? 'instant' : 'smooth' });
  };

  const focus = (node) => {
    node.tabIndex = -1;
    node.focus({ preventScroll: true });
  };

  // Show the document, so that late ones that were asked for before are not shown any more.
  const bring = (id, otherwise) => {
    asked += 1;
    return show(id).catch(() => { say(otherwise); return null; });
  };

  brief.viewer = {
    frame, head, tools, text, leaves, bring, say, places, mark, reach, focus,
    blocks: () => blocks,
    shown: () => shown,
  };

  // From its start, as somebody wants it who has not followed a citation.
  brief.open = async (id) => {
    document.dispatchEvent(new CustomEvent('opened'));
    const viewer = await bring(id, 'This document cannot be shown. Try again.');
    if (!viewer) return;
    viewer.scrollTop = 0;
    viewer.focus({ preventScroll: true });
    viewer.scrollIntoView({ block: 'nearest' });
  };

  const begin = async () => {
    if (!frame()) return setTimeout(begin, 200);
    if (shown || asked) return;
    const list = brief.documents;
    if (!list || !list.length) {
      say(list ? 'The library is empty. Add a document: Library, at the top.'
        : 'The library is being opened. The report comes right after.');
      return setTimeout(begin, 300);
    }
    await show(list[0].id).catch(() => setTimeout(begin, 1000));
    scrollTo(0, 0); // in a narrow window Gradio 6.31's autofocus scrolls past the chat
  };

  // What is shown follows the library: new facts, a new version, gone, or back again.
  document.addEventListener('library', ({ detail: { before, after } }) => {
    documents.clear();
    stale = true;
    const find = (list, key, value) => list.find((d) => d[key] === value);
    if (gone && !shown && find(after, 'id', gone)) show(gone);
    if (!shown) return;
    const now = find(after, 'id', shown);
    if (now) {
      name({ ...now, as_of: now.as_of_words });
      return;
    }
    const old = find(before, 'id', shown);
    const next = old && find(after, 'file', old.file);
    gone = shown;
    asked += 1;
    say('This document was removed from the library.');
    if (next) show(next.id);
  });

  // Gradio 6.31 reads a message's HTML aloud as its name, and takes out what names a citation.
  new MutationObserver(() => {
    for (const message of document.querySelectorAll('[data-testid="bot"][aria-label*="<"]')) {
      message.setAttribute('aria-label', 'Answer');
    }
    for (const chip of document.querySelectorAll('.card a.chip:not([aria-label])')) {
      chip.setAttribute('aria-label', `Citation ${chip.textContent.replace(/\D/g, '')}`);
    }
  }).observe(document, { subtree: true, childList: true, attributeFilter: ['aria-label'] });
  begin();
})();
