// What is in the library, and the panel that shows it and changes it.
// Titles, names and texts only ever become text nodes.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;
  const POLL_MS = 3000; // others may change the library too
  const UNDO_MS = 60_000;
  let info = { version: null };

  // Send a change; what is refused is thrown in the server's words.
  brief.send = async (method, path, sent, how = {}) => {
    const headers = { 'X-Sahel-Brief': '1', 'Content-Type': 'application/json' };
    const answer = await fetch(path, { method, headers, body: sent && JSON.stringify(sent), ...how })
      .catch(() => { throw new Error('The server cannot be reached. Is app.py still running?'); });
    const got = await answer.json().catch(() => ({}));
    if (answer.ok) return got;
    const words = typeof got.detail === 'string' ? got.detail : 'This was refused. Is it too long?';
    throw Object.assign(new Error(words), { field: got.field });
  };

  // Whether the library has changed since; all that shows it is told.
  brief.refresh = async () => {
    const now = await fetch('library').then((r) => r.json());
    if (now.ready && (now.version !== info.version || !brief.documents)) {
      const before = brief.documents || [];
      const after = await fetch('documents').then((r) => r.json());
      Object.assign(brief, { documents: after, suffixes: now.suffixes });
      Object.assign(brief, { most: now.max_bytes, mostOfArchive: now.max_archive_bytes });
      info = now;
      document.dispatchEvent(new CustomEvent('library', { detail: { before, after } }));
    }
    const line = document.querySelector('#top .as-of');
    // What was said is compared, not what is read: that may be in French.
    if (line && now.ready && line.dataset.said !== now.line) line.textContent = line.dataset.said = now.line;
  };

  const poll = async () => {
    if (!document.hidden) {
      const event = await brief.refresh().then(() => 'reached', () => 'unreachable');
      document.dispatchEvent(new Event(event));
    }
    setTimeout(poll, brief.documents ? POLL_MS : 500);
  };
  poll();
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) brief.refresh().catch(() => {});
  });

  // The panel.
  const { panel, said, show } = brief.drawer('library', 'Library');
  const shelf = element('ul', 'shelf');
  shelf.setAttribute('aria-label', 'Documents');
  const empty = element('p', 'quiet', 'No document yet.');
  brief.panel = panel;

  const open = () => {
    if (!brief.documents || panel.open) return; // it is being opened, which the page says
    if (panel.isConnected === false) panel.append(...brief.adding(), said, ...brief.choosing(), empty, shelf);
    panel.classList.toggle('fixed', !info.can_change);
    draw();
    show();
    brief.tally.opened();
    brief.refresh().catch(() => {});
  };

  brief.onButton('library-button', open);
  document.addEventListener('library', () => { if (panel.open) draw(); });

  // Rows stay the same nodes while nothing of them changes, so that focus and forms stay too.
  const rows = new Map(); // id -> {node, facts}
  const draw = () => {
    const documents = brief.documents || [];
    const ids = new Set(documents.map((d) => d.id));
    for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id);
    const nodes = documents.map((d) => {
      const facts = JSON.stringify([d, info.can_change]);
      const row = rows.get(d.id);
      if (row && (row.facts === facts || row.node.querySelector('form'))) return row.node;
      rows.set(d.id, { node: brief.row(d), facts });
      return rows.get(d.id).node;
    });
    empty.hidden = documents.length > 0;
    if (nodes.length === shelf.childElementCount && nodes.every((n, i) => n === shelf.children[i])) return;
    const focused = document.activeElement;
    shelf.replaceChildren(...nodes);
    if (focused.isConnected && panel.contains(focused)) focused.focus();
  };
  brief.redraw = (id) => { rows.delete(id); draw(); return rows.get(id) && rows.get(id).node; };

  // What was done, with a way back for a while.
  const note = (words, className, ...more) => {
    const line = element('p', className, words);
    line.append(...more);
    said.append(line);
    return line;
  };

  brief.remove = async (doc, button) => {
    button.disabled = true;
    try {
      await brief.send('DELETE', `documents/${encodeURIComponent(doc.id)}`);
    } catch (error) {
      button.disabled = false;
      note(error.message, 'problem');
      return;
    }
    const undo = brief.button('Undo', '', async () => {
      undo.disabled = true;
      try {
        const { job } = await brief.send('POST', `documents/${encodeURIComponent(doc.id)}/restore`);
        await brief.follow(job, () => {});
        await brief.refresh();
        line.remove();
        const back = brief.redraw(doc.id);
        if (back && panel.open) back.querySelector('button').focus();
      } catch (error) {
        undo.disabled = false;
        note(error.message, 'problem');
      }
    });
    const line = note(`Removed “${doc.title}”. `, '', undo);
    setTimeout(() => line.remove(), UNDO_MS);
    await brief.refresh().catch(() => {});
    undo.focus();
  };
})();
