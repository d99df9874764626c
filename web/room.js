// For the room: one answer very large, light and dark, keys for everything and a sheet that tells them.
(() => {
  const brief = window.sahelBrief;
  const { element, button } = brief;

  // Light and dark: what was chosen here once, else what the system says.
  const THEME = 'theme';
  const paint = () => {
    const chosen = localStorage.getItem(THEME);
    if (chosen) document.body.classList.toggle('dark', chosen === 'dark');
  };
  brief.turn = () => {
    localStorage.setItem(THEME, document.body.classList.contains('dark') ? 'light' : 'dark');
    paint();
  };
  // Gradio paints by the system when it starts.
  new MutationObserver(paint).observe(document.body, { attributeFilter: ['class'] });
  paint();

  const dialog = (id, label) => {
    const node = element('dialog', 'board');
    node.id = id;
    node.setAttribute('aria-label', label);
    node.addEventListener('click', (event) => { if (event.target === node) node.close(); });
    return node;
  };
  const show = (node) => {
    const from = document.activeElement;
    if (!node.isConnected) document.body.append(node);
    node.addEventListener('close', () => from && from.isConnected && from.focus(), { once: true });
    node.showModal();
  };

  // One answer, very large: sentences with their numbers, below them the words that carry them.
  const stage = dialog('stage', 'Presentation');
  let zoom = 1;
  let place = 0;
  const ids = () => [...document.querySelectorAll('#chat .card.done a.record')]
    .map((link) => link.getAttribute('href').split('-').pop());

  const draw = (record) => {
    const body = element('div', 'answer');
    body.append(element('p', 'question', record.question));
    const said = element('p', record.declined ? 'said declined' : 'said');
    if (record.declined) said.textContent = record.reason;
    for (const sentence of record.declined ? [] : record.sentences.filter((s) => s.status !== 'removed')) {
      if (sentence.source) said.append(`${sentence.source}: `);
      said.append(element(sentence.status === 'quoted' ? 'q' : 'span', sentence.status, sentence.text));
      for (const n of sentence.citations) said.append(element('sup', '', `[${n}]`));
      said.append(' ');
    }
    const notes = element('ol', 'notes');
    for (const c of record.citations) {
      const note = element('li');
      note.value = c.n;
      note.append(element('q', '', c.quote));
      const where = [c.speaker, c.document, c.place, c.as_of && `as of ${brief.dateWords(c.as_of)}`];
      note.append(element('span', 'where', ` ${where.filter(Boolean).join(' · ')}`));
      notes.append(note);
    }
    body.append(said, notes);
    return body;
  };

  brief.present = async (id) => {
    const all = ids();
    place = Math.max(0, all.indexOf(id));
    const record = await brief.record(all[place] || id);
    const bar = element('div', 'bar');
    const step = (by, words, sign) => {
      const node = button(sign, '', () => move(by));
      node.setAttribute('aria-label', words);
      node.disabled = !all[place + by];
      return node;
    };
    bar.append(step(-1, 'The answer before', '‹'), element('span', '', `${place + 1} of ${Math.max(1, all.length)}`), step(1, 'The next answer', '›'));
    for (const [words, sign, by] of [['Smaller', 'A−', 1 / 1.15], ['Larger', 'A+', 1.15]]) {
      const node = button(sign, '', () => size(by));
      node.setAttribute('aria-label', words);
      bar.append(node);
    }
    bar.append(button('Close', 'main', () => stage.close()));
    stage.replaceChildren(draw(record), bar);
    size(1);
    if (!stage.open) {
      show(stage);
      stage.requestFullscreen?.().catch(() => {}); // a window's size will do
    }
    bar.querySelector('.main').focus();
  };
  const move = (by) => {
    const next = ids()[place + by];
    if (next) brief.present(next).catch((error) => brief.tell(error.message));
  };
  const size = (by) => {
    zoom = Math.min(3, Math.max(0.4, zoom * by));
    stage.style.setProperty('--zoom', zoom);
  };
  stage.addEventListener('keydown', (event) => {
    const act = { ArrowLeft: () => move(-1), ArrowRight: () => move(1), '+': () => size(1.15), '-': () => size(1 / 1.15) }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  stage.addEventListener('close', () => { if (document.fullscreenElement) document.exitFullscreen(); });
  document.addEventListener('fullscreenchange', () => { if (!document.fullscreenElement && stage.open) stage.close(); });

  // Keys, for whoever has no hand free for the mouse. Single letters act outside of fields only,
  // and can be turned off: speech input types them by mistake.
  const KEYS = 'keys';
  const press = (id) => document.getElementById(id)?.click();
  const last = () => ids().pop();
  const keys = [
    ['q', 'Ask: to the question', () => document.querySelector('#ask textarea').focus()],
    ['n', 'New conversation', () => document.querySelector('#conversations button.main').click()],
    ['c', 'Conversations', () => (matchMedia('(max-width: 1080px)').matches ? press('past-button') : document.querySelector('#conversations input').focus())],
    ['v', 'The document', () => document.getElementById('viewer').focus()],
    ['b', 'Brief', () => press('brief-button')],
    ['a', 'Add the last answer to the brief', () => last() && brief.addToBrief?.(last())],
    ['l', 'Library', () => press('library-button')],
    ['p', 'Present the last answer', () => last() && brief.present(last())],
    ['d', 'Dark or light', () => brief.turn()],
    ['?', 'This sheet', () => help()],
  ];
  const others = [
    ['Enter', 'Ask what is in the box'], ['Shift + Enter', 'A new line in the box'],
    ['n / p', 'In the document or on a citation: next and previous citation'],
    ['/', 'In the document: find'], ['Escape', 'Back, or close'],
    ['← → + −', 'In the presentation: other answers, other size'],
  ];
  document.addEventListener('keydown', (event) => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    if (target.closest('input, textarea, select, [contenteditable=true], #viewer, a[href^="#cite-"]')) return;
    if (localStorage.getItem(KEYS) === 'off' && event.key !== '?') return;
    const found = keys.find(([key]) => key === event.key);
    if (!found) return;
    event.preventDefault();
    Promise.resolve(found[2]()).catch((error) => brief.tell(error.message));
  });

  const sheet = dialog('help', 'Help');
  const help = () => {
    const list = element('dl');
    for (const [key, words] of [...keys, ...others]) {
      list.append(element('dt', '', key), element('dd', '', words));
    }
    const label = element('label');
    const box = element('input');
    box.type = 'checkbox';
    box.checked = localStorage.getItem(KEYS) !== 'off';
    box.addEventListener('change', () => localStorage.setItem(KEYS, box.checked ? 'on' : 'off'));
    label.append(box, ' Single letters are keys');
    const how = 'Ask in plain words. What stands in “quotation marks” is the document’s own; all else was checked against '
      + 'the numbered words below it. A number opens the document there. What the documents do not say is declined.';
    sheet.replaceChildren(element('h2', '', 'Sahel Brief'), element('p', '', how), element('h3', '', 'Keys'), list, label, button('Close', 'main', () => sheet.close()));
    show(sheet);
    sheet.querySelector('.main').focus();
  };
  document.addEventListener('click', (event) => {
    const at = (id) => event.target.closest && event.target.closest(id);
    if (at('#help-button')) help();
    if (at('#theme-button')) brief.turn();
  });
})();
