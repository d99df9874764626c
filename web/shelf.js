// One document's row in the library's panel: its facts, what was set aside, and the form to edit it.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;
  const FIELDS = [['title', 'Title'], ['author', 'Author'], ['source', 'Source'], ['as_of', 'As-of date']];
  const count = (n, word) => `${n.toLocaleString('en-GB')} ${word}${n === 1 ? '' : 's'}`;
  const address = (doc) => `documents/${encodeURIComponent(doc.id)}`;

  brief.row = (doc) => {
    const row = element('li', 'doc');
    const body = element('div', 'body');
    const title = brief.button(doc.title, 'doc-name', () => {
      brief.panel.close();
      brief.open(doc.id);
    });
    title.title = 'Show this document';
    const origin = [doc.author, doc.source, doc.as_of_words ? `as of ${doc.as_of_words}` : 'no as-of date'];
    body.append(title, element('p', 'origin', origin.filter(Boolean).join(' · ')));
    if (doc.passages !== undefined) {
      const size = [count(doc.pages, 'page'), count(doc.passages, 'passage'), 'searchable'];
      body.append(element('p', 'quiet', size.join(' · ')));
    }
    for (const notice of doc.notices || []) body.append(element('p', 'note', notice));
    if (doc.aside) body.append(aside(doc));
    const edit = brief.button('Edit', '', () => {
      const fields = form(doc);
      body.replaceWith(fields);
      fields.querySelector('input').focus();
    });
    const remove = brief.button('Remove', '', () => brief.remove(doc, remove));
    edit.setAttribute('aria-label', `Edit “${doc.title}”`);
    remove.setAttribute('aria-label', `Remove “${doc.title}”`);
    edit.className = 'edit';
    const actions = element('p', 'actions change');
    actions.append(edit, remove);
    body.append(actions);
    row.append(brief.choice(doc), body);
    return row;
  };

  // What the document has and no answer is taken from, fetched when it is unfolded.
  const aside = (doc) => {
    const details = element('details', 'aside');
    details.append(element('summary', '', `${count(doc.aside, 'paragraph')} set aside`));
    details.addEventListener('toggle', async () => {
      if (details.childElementCount > 1) return;
      const list = element('ul');
      details.append(list);
      const found = await fetch(address(doc)).then((r) => r.json()).catch(() => null);
      if (found && found.aside) list.append(...found.aside.map((text) => element('li', '', text)));
      else { list.remove(); details.open = false; }
    });
    return details;
  };

  const form = (doc) => {
    const node = element('form', 'body');
    node.noValidate = true;
    const inputs = {};
    const errors = {};
    for (const [key, name] of FIELDS) {
      const label = element('label', '', name);
      const input = inputs[key] = element('input');
      input.value = doc[key] || '';
      input.maxLength = 500;
      if (key === 'as_of') input.placeholder = '2023, 2023-09 or 2023-09-15';
      errors[key] = element('span', 'problem');
      errors[key].id = `error-${key}-${doc.id}`;
      errors[key].setAttribute('role', 'alert');
      input.setAttribute('aria-describedby', errors[key].id);
      label.append(input);
      node.append(label, errors[key]);
    }
    const other = element('p', 'problem');
    other.setAttribute('role', 'alert');
    const save = element('button', 'main', 'Save');
    const actions = element('p', 'actions');
    const leave = () => {
      node.remove();
      const fresh = brief.redraw(doc.id);
      if (fresh) fresh.querySelector('.edit').focus();
    };
    actions.append(save, brief.button('Cancel', '', leave));
    node.append(other, actions);
    node.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault(); // of the panel: it stays open
      event.stopPropagation();
      leave();
    });
    node.addEventListener('submit', async (event) => {
      event.preventDefault();
      for (const key of Object.keys(inputs)) {
        errors[key].textContent = '';
        inputs[key].removeAttribute('aria-invalid');
      }
      other.textContent = '';
      save.disabled = true;
      save.textContent = 'Saving …';
      try {
        const values = Object.entries(inputs).map(([key, input]) => [key, input.value]);
        await brief.send('PATCH', address(doc), Object.fromEntries(values));
        await brief.refresh();
        leave();
      } catch (error) {
        (errors[error.field] || other).textContent = error.message;
        if (inputs[error.field]) {
          inputs[error.field].setAttribute('aria-invalid', 'true');
          inputs[error.field].focus();
        }
      } finally {
        save.disabled = false;
        save.textContent = 'Save';
      }
    });
    return node;
  };
})();
