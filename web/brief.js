// The brief: answers that are kept, in the order in which they are exported. Its drawer and its
// exports. Titles and texts only ever become text nodes.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;
  const UNDO_MS = 60_000;
  const FORMATS = [['docx', 'Word'], ['pdf', 'PDF'], ['md', 'Markdown'], ['json', 'JSON']];
  let kept = { title: '', version: -1, items: [] };

  const { panel, said, show } = brief.drawer('brief', 'Brief');
  const state = element('span', 'saved quiet');
  const empty = element('p', 'quiet empty', 'Nothing is in the brief yet. Add an answer with “+ Brief” below it.');
  const list = element('ol', 'items');
  list.setAttribute('aria-label', 'Answers in the brief');

  // Other tabs of this browser have the same brief.
  const others = 'BroadcastChannel' in window ? new BroadcastChannel('sahel-brief') : null;
  if (others) others.addEventListener('message', () => { refresh().catch(() => {}); });

  // What the server has sent is shown, unless something newer is already.
  const take = (sent) => {
    if (sent.version < kept.version) return;
    kept = sent;
    button();
    if (panel.open) draw();
  };
  const refresh = async () => {
    const answer = await fetch('brief');
    if (answer.ok) take(await answer.json());
  };
  const change = async (method, path, sent, how) => {
    const got = await brief.send(method, path, sent, how);
    take(got);
    if (others) others.postMessage('changed');
    return got;
  };
  const itemPath = (id) => `brief/items/${encodeURIComponent(id)}`;

  const button = () => {
    const node = document.getElementById('brief-button');
    const words = kept.items.length ? `Brief (${kept.items.length})` : 'Brief';
    if (node && node.dataset.said !== words) node.textContent = node.dataset.said = words;
  };

  const saving = brief.autosave((words, isProblem) => {
    state.classList.toggle('problem', isProblem);
    state.textContent = words;
  });
  const saveAll = saving.all;
  addEventListener('pagehide', () => { saveAll({ keepalive: true }); });

  const note = (words, className, ...more) => {
    const line = element('p', className, words);
    line.append(...more);
    said.append(line);
    return line;
  };

  const top = () => {
    const label = element('label', 'brief-title', 'Title of the brief');
    const input = element('input');
    input.maxLength = 300;
    input.placeholder = 'Briefing note';
    label.append(input);
    const title = saving.field(input, (value, how) => change('PATCH', 'brief', { title: value }, how));
    const exports = element('div', 'exports');
    exports.setAttribute('role', 'group');
    exports.setAttribute('aria-label', 'Export the brief');
    exports.append(element('span', 'quiet', 'Export as'));
    for (const [format, name] of FORMATS) exports.append(brief.button(name, '', (e) => save(format, name, e.target)));
    state.setAttribute('role', 'status');
    return { nodes: [label, exports, state], title, exports };
  };

  // Fetched first, so that what goes wrong is said here and not in an empty tab.
  const save = async (format, name, pressed) => {
    for (const old of said.querySelectorAll('.problem')) old.remove();
    pressed.disabled = true;
    try {
      await saveAll();
      const answer = await fetch(`brief/export?format=${format}`)
        .catch(() => { throw new Error('The server cannot be reached. Is app.py still running?'); });
      if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail || 'It could not be exported.');
      const [, file] = (answer.headers.get('content-disposition') || '').match(/filename\*=UTF-8''([^;]+)/) || [];
      const link = element('a');
      link.href = URL.createObjectURL(await answer.blob());
      link.download = file ? decodeURIComponent(file) : `brief.${format}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      state.classList.remove('problem');
      state.textContent = `Exported as ${name}`;
    } catch (error) {
      note(error.message, 'problem');
    } finally {
      pressed.disabled = false;
      pressed.focus();
    }
  };

  let head;
  const rows = new Map(); // id -> what items.js gives
  const draw = () => {
    const { items } = kept;
    head.title.set(kept.title);
    for (const node of head.exports.querySelectorAll('button')) node.disabled = !items.length;
    empty.hidden = items.length > 0;
    const ids = new Set(items.map((item) => item.id));
    for (const [id, row] of rows) if (!ids.has(id)) { row.forget(); rows.delete(id); }
    const nodes = items.map((item, n) => {
      if (!rows.has(item.id)) rows.set(item.id, brief.item(item, acts));
      rows.get(item.id).update(item, n, items.length);
      return rows.get(item.id).node;
    });
    if (nodes.length === list.childElementCount && nodes.every((n, i) => n === list.children[i])) return;
    const focused = document.activeElement;
    list.replaceChildren(...nodes);
    if (focused !== document.activeElement && list.contains(focused)) focused.focus();
  };

  const acts = {
    autosaved: saving.field,
    edit: (id, facts, how) => change('PATCH', itemPath(id), facts, how),
    // Counted from 0; what cannot be done is said.
    move: async (id, position) => {
      if (position < 0 || position >= kept.items.length) return;
      try {
        await change('PATCH', itemPath(id), { position });
        state.textContent = `Moved to place ${position + 1} of ${kept.items.length}`;
      } catch (error) { note(error.message, 'problem'); }
    },
    remove: async (item) => {
      await saveAll();
      const at = kept.items.findIndex((other) => other.id === item.id);
      const { title } = kept.items[at] || item;
      try {
        await change('DELETE', itemPath(item.id));
      } catch (error) { note(error.message, 'problem'); return; }
      const undo = brief.button('Undo', '', async () => {
        undo.disabled = true;
        try {
          await change('POST', `${itemPath(item.id)}/restore`);
          line.remove();
          if (rows.has(item.id)) rows.get(item.id).focus();
        } catch (error) {
          undo.disabled = false;
          note(error.message, 'problem');
        }
      });
      const line = note(`Removed “${title || item.question}”. `, '', undo);
      setTimeout(() => line.remove(), UNDO_MS);
      undo.focus();
    },
  };

  brief.openBrief = () => {
    if (panel.open) return;
    if (!head) {
      head = top();
      panel.append(...head.nodes, said, empty, list);
    }
    state.textContent = '';
    show();
    draw();
    refresh().catch(() => note('The server cannot be reached. Is app.py still running?', 'problem'));
  };
  panel.addEventListener('close', () => { saveAll(); });
  brief.onButton('brief-button', brief.openBrief);

  // For the buttons below answers. Whether the answer is in the brief now; what went wrong is said.
  brief.addToBrief = async (recordId) => {
    try {
      const { added } = await change('POST', 'brief/items', { record: recordId });
      brief.tell(added ? 'Added to the brief.' : 'This is in the brief already.');
      return true;
    } catch (error) {
      brief.tell(error.message);
      return false;
    }
  };

  const begin = () => {
    if (!document.getElementById('brief-button')) return setTimeout(begin, 200);
    return refresh().catch(() => {});
  };
  begin();
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) saveAll({ keepalive: true });
    else refresh().catch(() => {});
  });
})();
