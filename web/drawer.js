// What the page's drawers have in common: a dialog at the side, opened by a button at the top, with
// a heading, a place for what was done, and focus that stays in it.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;

  brief.button = (text, className, act) => {
    const node = element('button', className, text);
    node.type = 'button';
    node.addEventListener('click', act);
    return node;
  };

  // The buttons at the top are made by the server, and may be made anew.
  brief.onButton = (id, act) => {
    document.addEventListener('click', (event) => {
      if (event.target.closest && event.target.closest(`#${id}`)) act();
    });
  };

  // Where Tab can go in a panel.
  const stopsOf = (panel) => [...panel.querySelectorAll('button, input, textarea, summary')]
    .filter((n) => !n.disabled && n.offsetParent !== null && !n.closest('details:not([open]) > :not(summary)'));

  // Return a panel, its place for messages, and what shows it. The button's id is the panel's.
  brief.drawer = (id, words) => {
    const panel = element('dialog', 'drawer');
    panel.id = id;
    panel.setAttribute('aria-labelledby', `${id}-title`);
    const head = element('header');
    const title = element('h2', '', words);
    title.id = `${id}-title`;
    title.tabIndex = -1;
    head.append(title, brief.button('Close', 'close', () => panel.close()));
    const said = element('div', 'said');
    said.setAttribute('role', 'status');
    panel.append(head);
    panel.addEventListener('close', () => {
      said.replaceChildren();
      document.getElementById(`${id}-button`).focus();
    });
    panel.addEventListener('click', (event) => { if (event.target === panel) panel.close(); });
    panel.addEventListener('keydown', (event) => {
      if (event.key !== 'Tab') return;
      const stops = stopsOf(panel);
      const [first, last] = [stops[0], stops[stops.length - 1]];
      const from = document.activeElement;
      if (event.shiftKey ? from === first || from === title : from === last) {
        event.preventDefault();
        (event.shiftKey ? last : first).focus();
      }
    });
    const show = () => {
      if (!panel.isConnected) document.body.append(panel);
      panel.showModal();
      title.focus();
    };
    return { panel, said, show };
  };
})();
