// The pages of a PDF as they are printed: each a leaf with its picture, which is there while it is in
// view or near. `marks.js` marks citations on them, `printed.js` says when they are shown.
(() => {
  const brief = window.sahelBrief;
  const { element, viewer } = brief;
  const STEP_PX = 400; // pictures are asked for in few widths, so that the browser keeps them
  const MOST_PX = 2400;
  const AT_ONCE = 2; // on their way: the server draws one after the other
  const SETTLE_MS = 60; // so that what is only scrolled past is not loaded
  const AGAIN_MS = 3000;
  const NO_PICTURE = 'This page cannot be shown as a picture. This is its text.';
  const { leaves } = viewer;
  let doc = null; // whose pages these are
  let all = []; // the leaf of each page, in order
  const near = new Set(); // leaves in view, or a view away
  const loading = new Map(); // leaf -> what stops its picture
  let opening = null; // the promise of all of them
  let timer = 0;
  let away = false; // the server did not answer

  const address = (what) => `documents/${encodeURIComponent(doc.id)}/${what}of=${doc.printed}`;
  const face = (leaf) => leaf.querySelector('.face');

  const make = ([wide, tall], n) => {
    const leaf = element('section', 'sheet leaf');
    leaf.setAttribute('aria-label', `page ${n + 1}`);
    const sheet = element('div', 'face');
    sheet.style.aspectRatio = `${wide} / ${tall}`;
    // By itself it can be made as large as one likes.
    const alone = element('a', 'page', `page ${n + 1}`);
    alone.href = address(`pages/${n + 1}?width=${MOST_PX}&`);
    alone.title = 'Open this page by itself';
    alone.target = '_blank';
    alone.rel = 'noopener';
    leaf.append(sheet, alone);
    return leaf;
  };

  const unload = (leaf) => {
    loading.get(leaf)?.abort();
    const picture = face(leaf).querySelector('img');
    if (!picture) return;
    URL.revokeObjectURL(picture.src);
    picture.remove();
  };

  const wanted = (leaf) => {
    const px = Math.ceil((face(leaf).clientWidth * devicePixelRatio) / STEP_PX) * STEP_PX;
    return Math.max(STEP_PX, Math.min(px, MOST_PX));
  };

  const lacks = (leaf) => !loading.has(leaf) && !leaf.matches('.unpictured')
    && !(Number(face(leaf).querySelector('img')?.dataset.width) >= wanted(leaf));

  // Where there is no picture: why, and the text of the page.
  const fail = (leaf, why) => {
    leaf.classList.add('unpictured');
    const own = brief.printed.blocksOf(all.indexOf(leaf) + 1).filter((b) => b.text)
      .map((b) => element('p', 'block', b.text));
    face(leaf).prepend(element('p', 'unread', why), ...own);
  };

  const show = async (leaf, n, width, data, signal) => {
    const picture = element('img');
    picture.alt = `Page ${n}`;
    picture.dataset.width = width;
    picture.src = URL.createObjectURL(data);
    await picture.decode().catch(() => {}); // so that it does not flicker
    loading.delete(leaf);
    unload(leaf);
    if (signal.aborted) URL.revokeObjectURL(picture.src);
    else face(leaf).prepend(picture);
  };

  const load = async (leaf) => {
    const n = all.indexOf(leaf) + 1;
    const width = wanted(leaf);
    const stop = new AbortController();
    loading.set(leaf, stop);
    try {
      const answer = await fetch(address(`pages/${n}?width=${width}&`), { signal: stop.signal });
      if (answer.ok) await show(leaf, n, width, await answer.blob(), stop.signal);
      else fail(leaf, (await answer.json().catch(() => ({}))).detail || NO_PICTURE);
    } catch { // no longer wanted; else the server is away, which the page says by itself
      away = !stop.signal.aborted;
    } finally {
      if (loading.get(leaf) === stop) loading.delete(leaf);
      later();
    }
  };

  // Of what lacks its picture that next to the middle of the view comes first.
  const pump = () => {
    away = false;
    const view = viewer.frame().getBoundingClientRect();
    const middle = (view.top + view.bottom) / 2;
    const far = (leaf) => {
      const box = leaf.getBoundingClientRect();
      return Math.max(box.top - middle, middle - box.bottom, 0);
    };
    const next = [...near].filter(lacks).map((leaf) => [far(leaf), leaf]).sort((a, b) => a[0] - b[0]);
    next.slice(0, AT_ONCE - loading.size).forEach(([, leaf]) => load(leaf));
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(pump, away ? AGAIN_MS : SETTLE_MS);
  };
  addEventListener('resize', later);

  let watcher = null;
  const watch = () => {
    const moved = (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) near.add(target);
        else if (near.delete(target)) unload(target);
      }
      later();
    };
    watcher = new IntersectionObserver(moved, { root: viewer.frame(), rootMargin: '100% 0%' });
    all.forEach((leaf) => watcher.observe(leaf));
  };

  const close = () => {
    watcher?.disconnect();
    all.forEach(unload);
    near.clear();
    [doc, all] = [null, []];
    leaves.replaceChildren();
  };

  const fill = async () => {
    const of = doc;
    const answer = await fetch(address('pages?'));
    const sizes = answer.ok && await answer.json();
    if (of !== doc) return;
    if (!sizes) throw new Error(`pages: ${answer.status}`);
    all = sizes.map(make);
    leaves.replaceChildren(...all);
    watch();
  };

  // The leaves of a document, empty but of their sizes. Throws where the server does not give them.
  const open = (next) => {
    if (doc === next) return opening;
    close();
    doc = next;
    opening = fill().catch((error) => {
      if (doc === next) close();
      throw error;
    });
    return opening;
  };

  // `of` is the document whose leaves these are.
  brief.leaves = { open, close, address, face, of: () => doc, leaf: (page) => all[page - 1], all: () => all };
})();
