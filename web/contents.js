// The document's headings and pages as a list to jump from, in the viewer's head.
(() => {
  const brief = window.sahelBrief;
  const { element, viewer } = brief;

  const list = element('nav', 'contents');
  list.id = 'viewer-contents';
  list.setAttribute('aria-label', 'Contents');
  list.hidden = true;
  const button = element('button');
  button.append(element('span', 'sign', '☰'), element('span', 'word', 'Contents'));
  button.type = 'button';
  button.title = 'Contents';
  button.setAttribute('aria-label', 'Contents');
  button.setAttribute('aria-controls', list.id);
  button.setAttribute('aria-expanded', 'false');
  viewer.tools.append(button);
  viewer.head.append(list);

  const toggle = (open) => {
    list.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    if (!open) return;
    if (!list.childElementCount) list.append(...filled());
    list.querySelector('button, input').focus();
  };

  // To the page of a block, or to a heading.
  const jump = (block) => {
    toggle(false);
    if (brief.printed.reach(block)) return;
    const node = block.page ? block.node.parentElement : block.node;
    viewer.focus(node);
    viewer.reach(node, 'top');
  };

  const entry = (words, block) => {
    const link = element('button', '', words);
    link.type = 'button';
    link.addEventListener('click', () => jump(block));
    const item = element('li');
    item.append(link);
    return item;
  };

  const group = (title, kind, items) => {
    const heading = element('p', 'of', title);
    heading.id = `contents-${kind}`;
    const entries = element('ol', kind);
    entries.setAttribute('aria-labelledby', heading.id);
    entries.append(...items);
    return [heading, entries];
  };

  // "3" of "page 3": a number to type, and short to list.
  const short = (block) => block.page.replace(/^page /, '');

  // A slide has the name of its heading.
  const parts = () => {
    const pages = viewer.blocks().filter((b) => b.page);
    const slides = pages.length > 0 && pages[0].page.startsWith('slide');
    const headings = slides ? [] : viewer.blocks().filter((b) => b.level);
    return { pages: pages.length > 1 ? pages : [], slides, headings };
  };

  const filled = () => {
    const { pages, slides, headings } = parts();
    const nodes = [];
    if (pages.length) {
      nodes.push(goTo(pages, slides ? 'slide' : 'page'));
      nodes.push(...group(slides ? 'Slides' : 'Pages', slides ? 'slides' : 'pages',
        pages.map((b) => entry(short(b), b))));
    }
    if (headings.length) {
      const top = Math.min(...headings.map((b) => b.level));
      nodes.push(...group('Headings', 'headings', headings.map((b) => {
        const item = entry(b.text, b);
        item.style.setProperty('--depth', b.level - top);
        return item;
      })));
    }
    return nodes;
  };

  const goTo = (pages, kind) => {
    const form = element('form', 'go');
    const label = element('label', '', `Go to ${kind} `);
    const input = element('input');
    input.inputMode = 'numeric';
    input.autocomplete = 'off';
    label.append(input, ` of ${pages.length.toLocaleString('en-GB')}`);
    const none = element('span', 'none');
    none.setAttribute('role', 'alert');
    form.append(label, none);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const wanted = input.value.trim();
      const block = pages.find((b) => b.page.match(/^(?:page|slide) ([^:]*)/)?.[1] === wanted);
      const printed = brief.printed.go(Number(wanted)); // also one that has no text
      none.textContent = block || printed ? '' : ` There is no ${kind} ${wanted}.`;
      if (printed) toggle(false);
      else if (block) jump(block);
    });
    return form;
  };

  button.addEventListener('click', () => toggle(list.hidden));
  list.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') {
      event.stopPropagation(); // of the viewer: it leads back to the answer
      toggle(false);
      button.focus();
    } else if (step && !event.altKey) {
      event.preventDefault();
      const stops = [...list.querySelectorAll('button, input')];
      const next = stops[stops.indexOf(document.activeElement) + step];
      if (next) next.focus();
    }
  });
  document.addEventListener('pointerdown', ({ target }) => {
    if (!list.hidden && !list.contains(target) && !button.contains(target)) toggle(false);
  });
  list.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget && !list.contains(relatedTarget) && relatedTarget !== button) toggle(false);
  });
  document.addEventListener('shown', () => {
    toggle(false);
    list.replaceChildren();
    const { pages, headings } = parts();
    button.hidden = !pages.length && !headings.length;
  });
})();
