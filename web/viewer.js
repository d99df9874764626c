// The report beside the chat: shows documents, follows citations, marks the cited words.
// Document text only ever becomes text nodes.
(() => {
  const documents = new Map(); // id -> promise of a document
  let shown = null;

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

  const show = async (id) => {
    const viewer = document.getElementById('viewer');
    if (!viewer || (shown === id && viewer.childElementCount)) return viewer;
    const doc = await fetchDocument(id);
    viewer.replaceChildren();
    const head = element('header');
    head.append(element('p', 'doc-title', doc.title));
    const facts = [doc.as_of ? `as of ${doc.as_of}` : 'no as-of date', doc.source];
    head.append(element('p', 'doc-facts', facts.filter(Boolean).join(' · ')));
    viewer.append(head);
    for (const block of doc.blocks) {
      const node = element(block.level ? `h${Math.min(block.level + 1, 6)}` : 'p', 'block', block.text);
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
      // Offsets count characters as Python does; JavaScript counts an emoji as two.
      const text = Array.from(node.textContent);
      const from = Math.max(0, start - Number(node.dataset.start));
      const to = Math.min(text.length, end - Number(node.dataset.start));
      if (from >= to) continue;
      const words = element('mark', '', text.slice(from, to).join(''));
      node.replaceChildren(text.slice(0, from).join(''), words, text.slice(to).join(''));
      marks.push(words);
    }
    return marks;
  };

  const cite = async (id, start, end) => {
    const viewer = await show(id);
    const marks = mark(viewer, start, end);
    if (!marks.length) return;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    marks[0].tabIndex = -1;
    marks[0].focus({ preventScroll: true });
    marks[0].scrollIntoView({ block: 'center', behavior: still ? 'auto' : 'smooth' });
  };

  document.addEventListener('click', (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#cite-"]');
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    const [, id, start, end] = link.getAttribute('href').match(/^#cite-(.+)-(\d+)-(\d+)$/);
    for (const other of document.querySelectorAll('a[aria-current]')) other.removeAttribute('aria-current');
    link.setAttribute('aria-current', 'true');
    cite(id, Number(start), Number(end));
  }, true);

  // Gradio 6.31 reads a message's HTML aloud as its name.
  new MutationObserver(() => {
    for (const message of document.querySelectorAll('[data-testid="bot"][aria-label*="<"]')) {
      message.setAttribute('aria-label', 'Answer');
    }
  }).observe(document, { subtree: true, childList: true, attributeFilter: ['aria-label'] });

  const begin = async () => {
    const viewer = document.getElementById('viewer');
    if (!viewer) return setTimeout(begin, 200);
    const list = await fetch('documents').then((r) => r.json()).catch(() => []);
    if (!list.length) return setTimeout(begin, 1000);
    if (!shown) await show(list[0].id);
  };
  begin();
})();
