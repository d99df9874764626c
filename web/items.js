// One answer in the brief's drawer: its title and comment, written in place, and its place among the
// others, by buttons, by Alt with an arrow, or by dragging.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;
  let dragged = null; // id of the item that is being dragged

  // A text area as high as what is in it.
  const fit = (node) => {
    node.style.height = 'auto';
    node.style.height = `${node.scrollHeight + 2}px`;
  };

  // An area that grows with what is in it.
  const area = (value, most, words) => {
    const node = element('textarea');
    node.rows = 1;
    node.value = value;
    node.maxLength = most;
    node.placeholder = words;
    node.addEventListener('input', () => fit(node));
    return node;
  };

  brief.item = (item, acts) => {
    const { id } = item;
    let at = 0;
    let of = 1;
    const node = element('li', 'item');
    const handle = element('span', 'handle', '⠿');
    handle.draggable = true;
    handle.title = 'Drag to another place';
    handle.setAttribute('aria-hidden', 'true'); // the buttons do the same
    const number = element('span', 'number');
    const title = area(item.title, 300, item.question);
    title.className = 'title';
    // A title has one line, which is broken where it does not fit.
    title.addEventListener('keydown', (event) => { if (event.key === 'Enter') event.preventDefault(); });
    const question = element('p', 'quiet');
    const answer = element('p', item.declined ? 'answer declined' : 'answer', item.answer);
    const comment = area(item.comment, 5000, 'Add a comment …');
    const titleField = acts.autosaved(title, (value, how) => acts.edit(id, { title: value }, how));
    const commentField = acts.autosaved(comment, (value, how) => acts.edit(id, { comment: value }, how));

    const move = async (to, pressed) => {
      await acts.move(id, to);
      if (pressed.disabled) (pressed === up ? down : up).focus();
      else pressed.focus();
    };
    const up = brief.button('↑ Up', '', () => move(at - 1, up));
    const down = brief.button('↓ Down', '', () => move(at + 1, down));
    const remove = brief.button('Remove', '', () => acts.remove(item));
    const actions = element('p', 'actions');
    actions.append(up, down, remove);
    const head = element('div', 'item-head');
    head.append(handle, number, title);
    node.append(head, question, answer, element('p', 'quiet', item.facts), comment, actions);

    node.addEventListener('keydown', (event) => {
      if (!event.altKey || !['ArrowUp', 'ArrowDown'].includes(event.key)) return;
      event.preventDefault();
      const { activeElement } = document;
      acts.move(id, at + (event.key === 'ArrowUp' ? -1 : 1)).then(() => activeElement.focus());
    });

    // Dragged over another's upper half it goes before that, else after it.
    const over = (event) => {
      if (!dragged || dragged === id) return null;
      event.preventDefault();
      const box = node.getBoundingClientRect();
      return event.clientY < box.top + box.height / 2 ? 'before' : 'after';
    };
    const unmark = () => node.classList.remove('before', 'after');
    handle.addEventListener('dragstart', (event) => {
      dragged = id;
      event.dataTransfer.effectAllowed = 'move';
      event.dataTransfer.setData('text/plain', title.value || item.question);
      event.dataTransfer.setDragImage(node, 10, 10);
    });
    handle.addEventListener('dragend', () => { dragged = null; });
    node.addEventListener('dragover', (event) => {
      const where = over(event);
      unmark();
      if (where) node.classList.add(where);
    });
    node.addEventListener('dragleave', unmark);
    node.addEventListener('drop', (event) => {
      const where = over(event);
      unmark();
      if (!where) return;
      const from = brief.placeOf(dragged);
      const to = at + (where === 'after' ? 1 : 0);
      acts.move(dragged, from < to ? to - 1 : to);
    });

    const update = (now, n, count) => {
      [at, of] = [n, count];
      titleField.set(now.title);
      commentField.set(now.comment);
      const name = now.title || now.question;
      question.textContent = name === now.question ? '' : `Question: ${now.question}`;
      question.hidden = !question.textContent;
      number.textContent = `${n + 1}.`;
      node.dataset.id = id;
      up.disabled = n === 0;
      down.disabled = n === of - 1;
      for (const [pressed, words] of [[up, 'Move up'], [down, 'Move down'], [remove, 'Remove']]) {
        pressed.setAttribute('aria-label', `${words}: “${name}”`);
      }
      title.setAttribute('aria-label', `Title of answer ${n + 1}`);
      comment.setAttribute('aria-label', `Comment on answer ${n + 1}`);
      requestAnimationFrame(() => [title, comment].forEach(fit));
    };
    return {
      node,
      update,
      focus: () => title.focus(),
      forget: () => { titleField.forget(); commentField.forget(); },
    };
  };

  brief.placeOf = (id) => [...document.querySelectorAll('#brief .item')].findIndex((n) => n.dataset.id === id);
})();
