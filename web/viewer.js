// The report beside the chat: shows documents, follows citations, marks the cited words.
// Document text only ever becomes text nodes.
(() => {
  const brief = window.sahelBrief = {}; // what the page's scripts share
  const documents = new Map(); // id -> promise of a document
  let shown = null;
  let gone = null; // the document that was shown and is not there any more
  let asked = 0; // how often words were asked for: a document that comes late is not shown
  let from = null; // the link that was followed last

  const fetchDocument = (id) => {
    if (!documents.has(id)) {
      documents.set(id, fetch(`documents/${encodeURIComponent(id)}`).then((r) => {
        if (!r.ok) throw new Error(`document ${id}: ${r.status}`);
        return r.json();
      }).catch((error) => { documents.delete(id); throw error; }));
    }
    return documents.get(id);
  };

  const element = (tag, className, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };

  brief.element = element;

  const facts = (doc) => [doc.as_of ? `as of ${doc.as_of}` : 'no as-of date', doc.source]
    .filter(Boolean).join(' · ');

  const show = async (id) => {
    const viewer = document.getElementById('viewer');
    if (shown === id && viewer.childElementCount) return viewer;
    const turn = asked;
    const doc = await fetchDocument(id);
    if (turn !== asked) return null;
    viewer.replaceChildren();
    const head = element('header');
    head.append(element('p', 'doc-title', doc.title));
    head.append(element('p', 'doc-facts', facts(doc)));
    const button = element('button', 'back', 'Back to the answer');
    button.addEventListener('click', back);
    viewer.append(head, button);
    for (const block of doc.blocks) {
      if (block.page) viewer.append(element('p', 'page', block.page));
      const kind = block.aside ? 'block aside' : 'block';
      const node = element(block.level ? `h${Math.min(block.level + 1, 6)}` : 'p', kind, block.text);
      if (block.aside) node.title = 'Set aside: no part of what the document says';
      node.dataset.start = block.start;
      viewer.append(node);
    }
    shown = id;
    return viewer;
  };

  const mark = (viewer, start, end) => {
    for (const node of viewer.querySelectorAll('.block:has(mark)')) node.textContent = node.textContent;
    const marks = [];
    for (const node of viewer.querySelectorAll('.block')) {
      const first = Number(node.dataset.start);
      if (first >= end || first + node.textContent.length <= start) continue;
      // Offsets count characters as Python does; JavaScript counts an emoji as two.
      const text = Array.from(node.textContent);
      const left = Math.max(0, start - first);
      const right = Math.min(text.length, end - first);
      if (left >= right) continue;
      const words = element('mark', '', text.slice(left, right).join(''));
      node.replaceChildren(text.slice(0, left).join(''), words, text.slice(right).join(''));
      marks.push(words);
    }
    return marks;
  };

  const say = (words) => {
    shown = null;
    document.getElementById('viewer').replaceChildren(element('p', 'gone', words));
  };

  const cite = async (id, start, end) => {
    asked += 1;
    const viewer = await show(id).catch(() => {
      say('This document cannot be shown: it was removed or replaced since, or the server is down. '
        + 'Ask again to get citations that can be followed.');
    });
    if (!viewer) return;
    const marks = mark(viewer, start, end);
    if (!marks.length) return;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    viewer.classList.add('followed');
    marks[0].tabIndex = -1;
    marks[0].focus({ preventScroll: true });
    marks[0].scrollIntoView({ block: 'center', behavior: still ? 'auto' : 'smooth' });
  };

  // From the words back to the link that led to them.
  const back = () => {
    const link = from && from.isConnected ? from : document.querySelector('#ask textarea');
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: 'nearest' });
  };

  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && event.target.closest && event.target.closest('#viewer')) back();
  });

  document.addEventListener('click', (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#cite-"]');
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    const [, id, start, end] = link.getAttribute('href').match(/^#cite-(.+)-(\d+)-(\d+)$/);
    for (const other of document.querySelectorAll('a[aria-current]')) other.removeAttribute('aria-current');
    link.setAttribute('aria-current', 'true');
    from = link;
    cite(id, Number(start), Number(end));
  }, true);

  // Gradio 6.31 reads a message's HTML aloud as its name.
  new MutationObserver(() => {
    for (const message of document.querySelectorAll('[data-testid="bot"][aria-label*="<"]')) {
      message.setAttribute('aria-label', 'Answer');
    }
  }).observe(document, { subtree: true, childList: true, attributeFilter: ['aria-label'] });

  // From its start, as somebody wants it who has not followed a citation.
  brief.open = async (id) => {
    asked += 1;
    const viewer = await show(id).catch(() => say('This document cannot be shown. Try again.'));
    if (!viewer) return;
    mark(viewer, 0, 0);
    viewer.scrollTop = 0;
    viewer.focus({ preventScroll: true });
    viewer.scrollIntoView({ block: 'nearest' });
  };

  const begin = async () => {
    const viewer = document.getElementById('viewer');
    if (!viewer) return setTimeout(begin, 200);
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
    const find = (list, key, value) => list.find((d) => d[key] === value);
    if (gone && !shown && find(after, 'id', gone)) show(gone);
    if (!shown) return;
    const now = find(after, 'id', shown);
    if (now) {
      document.querySelector('#viewer .doc-title').textContent = now.title;
      document.querySelector('#viewer .doc-facts').textContent = facts({ ...now, as_of: now.as_of_words });
      return;
    }
    const old = find(before, 'id', shown);
    const next = old && find(after, 'file', old.file);
    gone = shown;
    asked += 1;
    say('This document was removed from the library.');
    if (next) show(next.id);
  });
  begin();
})();
