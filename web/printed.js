// Switches between the text of a PDF and its pages as they are printed, at the same place.
(() => {
  const brief = window.sahelBrief;
  const { element, viewer } = brief;
  const { leaves, marks } = brief;
  const KEY = 'printed'; // in this tab
  let doc = null; // the document shown
  let wanted = sessionStorage.getItem(KEY) === 'yes';
  let finding = false; // words, which is done in the text
  let ready = null; // the leaves of the document, on their way or there
  let cited = []; // the citations that are marked
  let pages = new Map(); // page -> where its blocks begin and end among all

  const button = element('button');
  button.append(element('span', 'sign', '▤'), element('span', 'word', 'As printed'));
  button.type = 'button';
  button.title = 'Pages as printed';
  button.setAttribute('aria-label', 'Pages as printed');
  button.setAttribute('aria-pressed', 'false');
  button.hidden = true;
  const note = element('p', 'finds', 'Words are found in the text. The pages as printed come back after that.');
  note.hidden = true;
  viewer.tools.append(button);
  viewer.head.append(note);

  const on = () => !viewer.leaves.hidden;

  const begun = (block) => Number(/^page (\d+)$/.exec(block.page || '')?.[1] || 0);
  const count = () => {
    pages = new Map();
    let page = 0;
    viewer.blocks().forEach((block, n) => {
      if (begun(block)) pages.set(page = begun(block), [n, n]);
      if (page) pages.get(page)[1] = n + 1;
    });
  };
  const blocksOf = (page) => viewer.blocks().slice(...(pages.get(page) || [0, 0]));
  const pageOf = (offset) => {
    const block = viewer.blocks().findLastIndex((b) => b.start <= offset);
    return [...pages].find(([, [first, end]]) => first <= block && block < end)?.[0] || 1;
  };

  // The page that is read: the first that reaches below the head.
  const current = () => {
    const y = viewer.head.getBoundingClientRect().bottom + 40;
    const below = (node) => node.getBoundingClientRect().bottom > y;
    if (on()) return leaves.all().findIndex(below) + 1 || 1;
    const sheet = [...pages].find(([, [n]]) => below(viewer.blocks()[n].node.parentElement));
    return sheet ? sheet[0] : 1;
  };
  const sheetOf = (page) => (on() ? leaves.leaf(page) : blocksOf(page)[0]?.node.parentElement);
  const chosen = () => (on() ? viewer.leaves : viewer.text).querySelector('mark.chosen');
  const seen = (node) => {
    const [box, view] = [node?.getBoundingClientRect(), viewer.frame().getBoundingClientRect()];
    return Boolean(node) && box.bottom > view.top && box.top < view.bottom;
  };

  const turn = (printed) => {
    viewer.leaves.hidden = !printed;
    viewer.text.hidden = printed;
    button.setAttribute('aria-pressed', String(printed));
  };

  const enter = () => {
    turn(true);
    const of = doc;
    ready = leaves.open(of).then(() => marks.mark(cited)).catch(() => {
      if (of !== doc || !on()) return null;
      turn(false);
      brief.tell('The pages cannot be shown as printed. This is their text.');
      return null;
    });
    return ready;
  };

  // What was read stays in view, and a citation in it.
  const change = async (printed) => {
    const [page, keep, focused] = [current(), seen(chosen()), viewer.text.contains(document.activeElement)];
    if (printed) await enter();
    else turn(false);
    const words = keep && chosen();
    const sheet = words || sheetOf(page);
    if (!sheet) return;
    if (focused) viewer.focus(sheet);
    viewer.reach(sheet, words ? 'middle' : 'top', true);
  };

  button.addEventListener('click', () => {
    wanted = !on();
    sessionStorage.setItem(KEY, wanted ? 'yes' : '');
    // What ends the finder brings the pages.
    if (finding) document.dispatchEvent(new CustomEvent('found-enough'));
    else change(wanted);
  });

  document.addEventListener('finding', ({ detail }) => {
    finding = detail;
    note.hidden = !(finding && wanted && doc?.printed);
    if (finding ? on() : wanted && doc?.printed) change(!finding);
  });

  document.addEventListener('shown', ({ detail }) => {
    [doc, cited, ready] = [detail, [], null];
    finding = finding && Boolean(doc);
    button.hidden = !doc?.printed;
    note.hidden = true;
    leaves.close();
    count();
    turn(false);
    if (doc?.printed && wanted && !finding) enter();
  });

  // Go to a page; false where the text is shown, or where there is no such page.
  const go = (page) => {
    const leaf = on() && leaves.leaf(page);
    if (!leaf) return false;
    viewer.focus(leaf);
    viewer.reach(leaf, 'top');
    return true;
  };
  // On to a heading, once it is known where on its page that stands.
  const aim = async (leaf, { start, text }) => {
    const [found] = await marks.find([{ start, end: start + Array.from(text).length }]);
    const top = found?.[0]?.boxes[0]?.[1];
    if (top === undefined || document.activeElement !== leaf) return;
    const at = element('span', 'aim');
    at.style.top = `${100 * top}%`;
    leaves.face(leaf).append(at);
    viewer.reach(at, 'top');
    setTimeout(() => at.remove(), 2000);
  };

  brief.printed = {
    on, blocksOf, pageOf,
    // Mark citations, and give what to scroll to; null where the text is shown.
    mark: (citations) => {
      cited = citations;
      if (!on()) return null;
      return ready.then(() => (on() ? marks.mark(cited) : null));
    },
    go,
    // Go to a block: a page, or a heading on one.
    reach: (block) => {
      const page = begun(block) || pageOf(block.start);
      const gone = go(page);
      if (gone && !block.page) aim(leaves.leaf(page), block);
      return gone;
    },
  };
})();
