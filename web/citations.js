// Follows citations: marks all of an answer, the chosen one most, and walks from one to the next.
(() => {
  const brief = window.sahelBrief;
  const { element, viewer } = brief;
  const LINKS = 'a[href^="#cite-"]';
  let chosen = null; // the citation shown: {href, id, start, end}
  let from = null; // the link that led to it
  let card = null; // the answer it is of; null for a link outside of one
  let nth = -1; // which of the answers that is: its node is another after each step of an answer
  let all = []; // the citations of that answer, in order of their numbers
  let marked = []; // blocks with marks

  const parse = (href) => {
    const [, id, start, end] = href.match(/^#cite-(.+)-(\d+)-(\d+)$/);
    return { href, id, start: Number(start), end: Number(end) };
  };

  const number = (link) => {
    const shown = link.matches('.chip') ? link : link.querySelector('.n');
    return shown ? Number(shown.textContent.replace(/\D/g, '')) : Infinity; // closest passages have none
  };

  // A chip and its evidence are the same citation.
  const citations = (links) => {
    const found = new Map();
    for (const link of links) {
      const href = link.getAttribute('href');
      if (!found.has(href)) found.set(href, { ...parse(href), number: number(link) });
    }
    return [...found.values()].sort((a, b) => (a.number === b.number ? 0 : a.number - b.number));
  };

  const cards = () => [...document.querySelectorAll('.card')];

  const linksOf = (answer) => (answer
    ? [...answer.querySelectorAll(LINKS)].filter((a) => a.getAttribute('href') === chosen.href) : []);

  // The answer as it is drawn now, and its link to the chosen citation, one like the last if it can be.
  const renew = () => {
    if (!from || from.isConnected) return;
    const links = linksOf(cards()[nth]);
    card = links.length ? cards()[nth] : null;
    from = links.find((a) => a.className === from.className) || links[0] || from;
    current();
  };

  const current = () => {
    for (const link of document.querySelectorAll(`${LINKS}[aria-current]`)) link.removeAttribute('aria-current');
    if (!chosen) return;
    for (const link of card ? linksOf(card) : [from]) link.setAttribute('aria-current', 'true');
  };

  // All of the answer that are in this document; spans may overlap. Gives what to scroll to on
  // printed pages, once it is there.
  const draw = () => {
    const spans = new Map();
    const here = all.filter((c) => chosen && c.id === viewer.shown());
    for (const { href, start, end } of here) {
      for (const [block, left, right] of viewer.places(start, end)) {
        const kind = href === chosen.href ? 'chosen' : 'cited';
        spans.set(block, [...(spans.get(block) || []), [left, right, kind]]);
      }
    }
    for (const block of marked) if (!spans.has(block)) viewer.mark(block, 'citations', []);
    for (const [block, of] of spans) viewer.mark(block, 'citations', of);
    marked = [...spans.keys()];
    return brief.printed.mark(here.map(({ href, start, end }) => ({
      start, end, chosen: href === chosen.href,
      words: viewer.places(start, end).map(([b, left, right]) => b.text.slice(left, right)).join(' '),
    })));
  };

  // The bar: which of how many, the one before, the next, and the way back.
  const count = element('span', 'count');
  count.setAttribute('role', 'status');
  const button = (sign, label, act) => {
    const node = element('button', '', sign);
    node.type = 'button';
    node.setAttribute('aria-label', label);
    node.title = label;
    node.addEventListener('click', act);
    return node;
  };
  const bar = element('div', 'walk');
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', 'Citations of the answer');
  bar.hidden = true;
  bar.append(button('‹', 'Previous citation (p)', () => walk(-1)), count,
    button('›', 'Next citation (n)', () => walk(1)));
  const leave = element('button', 'back', 'Back to the answer');
  leave.type = 'button';
  leave.hidden = true;
  leave.addEventListener('click', () => back());
  viewer.tools.append(bar, leave);

  const tell = () => {
    bar.hidden = leave.hidden = !chosen;
    const at = all.findIndex((c) => chosen && c.href === chosen.href);
    count.replaceChildren(element('span', 'unseen', 'Citation '), `${at + 1} of ${all.length}`);
  };

  // What somebody types in or clicks again keeps the focus; otherwise the words get it.
  const keeps = (node) => node && (node.closest('.head') || node.matches('input, textarea'));

  const cite = async () => {
    const turn = chosen;
    tell();
    current();
    const there = await viewer.bring(chosen.id,
      'This document cannot be shown: it was removed or replaced since, or the server is down. '
      + 'Ask again to get citations that can be followed.');
    if (turn !== chosen) return;
    const printed = await draw();
    const words = brief.printed.on() ? printed : viewer.text.querySelector('mark.chosen');
    if (turn !== chosen || !there || !words) return;
    if (!keeps(document.activeElement)) viewer.focus(words);
    viewer.reach(words);
  };

  const follow = (link) => {
    from = link;
    card = link.closest('.card');
    nth = cards().indexOf(card);
    all = citations(card ? card.querySelectorAll(LINKS) : [link]);
    chosen = all.find((c) => c.href === link.getAttribute('href'));
    cite();
  };

  const walk = (step) => {
    renew();
    const focused = document.activeElement && document.activeElement.closest(LINKS);
    const of = focused ? focused.closest('.card') : card;
    if (!chosen && !focused) { // nothing yet: the newest answer that has any
      const newest = cards().reverse().find((c) => c.querySelector(LINKS));
      if (!newest) return;
      const [{ href: first }] = citations(newest.querySelectorAll(LINKS));
      follow([...newest.querySelectorAll(LINKS)].find((a) => a.getAttribute('href') === first));
      return;
    }
    if (of && of.isConnected) {
      card = of;
      nth = cards().indexOf(card);
      all = citations(card.querySelectorAll(LINKS));
    }
    const href = focused ? focused.getAttribute('href') : chosen.href;
    const at = all.findIndex((c) => c.href === href);
    chosen = all[(at + step + all.length) % all.length];
    const kind = (focused || from).className;
    const links = linksOf(card);
    from = links.find((a) => a.className === kind) || links[0] || from;
    cite();
  };

  // From the words back to the link that led to them.
  const back = () => {
    renew();
    const link = from && from.isConnected ? from : document.querySelector('#ask textarea');
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: 'nearest' });
  };

  document.addEventListener('keydown', (event) => {
    const { target, key, altKey } = event;
    if (!target.closest || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]')) return;
    const inside = target.closest('#viewer');
    const typing = target.matches('input, textarea');
    const steps = altKey ? { ArrowDown: 1, ArrowUp: -1 } : { n: 1, ']': 1, p: -1, '[': -1 };
    if (Object.hasOwn(steps, key) && (altKey || (!typing && (inside || target.closest(LINKS))))) {
      event.preventDefault();
      walk(steps[key]);
    } else if (key === 'Escape' && inside) {
      back();
    }
  });

  document.addEventListener('click', (event) => {
    const link = event.target.closest && event.target.closest(LINKS);
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    follow(link);
  }, true);

  // A document from the library is not one of an answer's; another version has other words.
  document.addEventListener('opened', () => {
    chosen = from = card = null;
    all = [];
    draw();
    tell();
    current();
  });
  document.addEventListener('shown', () => {
    marked = [];
    draw();
  });

  // An answer that is being given is drawn anew at each step.
  new MutationObserver(renew).observe(document, { subtree: true, childList: true });
})();
