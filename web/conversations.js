// The conversations of before: found by words, gone on with, renamed, shared, exported, deleted.
// Titles only ever become text nodes.
(() => {
  const brief = window.sahelBrief;
  const { element, button } = brief;
  const KEY = 'conversation';
  let current = '';

  // The one to show: that of a link, else the one this tab had before it was reloaded.
  const address = new URL(location);
  current = address.searchParams.get('c') || sessionStorage.getItem(KEY) || '';
  if (address.searchParams.has('c')) {
    address.searchParams.delete('c');
    history.replaceState(null, '', address);
  }
  brief.conversation = () => current;

  const keep = (id) => {
    current = id;
    if (id) sessionStorage.setItem(KEY, id);
    else sessionStorage.removeItem(KEY);
  };
  // An answer tells which conversation it belongs to.
  brief.conversationIs = (id) => {
    if (!id) return;
    const isNew = id !== current;
    keep(id);
    if (isNew) load().catch(() => {});
  };

  const open = (id) => {
    if (brief.busy()) return brief.tell('An answer is being given. Stop it first, or wait.');
    keep(id);
    document.getElementById('resume').click();
    draw();
    aside(false);
    return document.querySelector('#ask textarea').focus();
  };

  let all = [];
  const words = element('input');
  words.type = 'search';
  words.placeholder = 'Find words';
  words.setAttribute('aria-label', 'Find in conversations');
  const list = element('div', 'list');
  const load = async () => {
    const answer = await fetch(`conversations?words=${encodeURIComponent(words.value)}`);
    if (!answer.ok) return;
    all = await answer.json();
    draw();
  };
  let typing = 0;
  words.addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(load, 200); });

  const day = (iso) => {
    const then = new Date(iso);
    const days = Math.floor((new Date().setHours(0, 0, 0, 0) - new Date(then).setHours(0, 0, 0, 0)) / 86_400_000);
    if (days <= 0) return 'Today';
    if (days === 1) return 'Yesterday';
    return then.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
  };

  const tried = (act) => async () => {
    try {
      await act();
      await load();
    } catch (error) {
      brief.tell(error.message);
    }
  };

  const rename = (conversation, row) => {
    const form = element('form', 'rename');
    const field = element('input');
    field.value = conversation.title;
    field.maxLength = 200;
    field.setAttribute('aria-label', 'Title');
    form.append(field, element('button', 'main', 'Save'));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      tried(() => brief.send('PATCH', `conversations/${conversation.id}`, { title: field.value }))();
    });
    field.addEventListener('keydown', (event) => { if (event.key === 'Escape') draw(); });
    row.replaceChildren(form);
    field.focus();
    field.select();
  };

  const share = async (conversation) => {
    const { shared } = await brief.send('PUT', `conversations/${conversation.id}/shared`, { shared: true });
    const link = new URL(`shared/${shared}`, location.href).href;
    await navigator.clipboard.writeText(link).catch(() => {});
    brief.tell(`Whoever can reach this server may read it here, and the link was copied: ${link}`);
  };

  const actions = (conversation, row) => {
    const more = element('details', 'more');
    const summary = element('summary', '', '⋯');
    summary.setAttribute('aria-label', `More for “${conversation.title}”`);
    const menu = element('div', 'menu');
    menu.append(button('Rename', '', () => rename(conversation, row)));
    menu.append(button('Share by link', '', tried(() => share(conversation))));
    if (conversation.shared) {
      menu.append(button('Stop sharing', '', tried(() => brief.send(
        'PUT', `conversations/${conversation.id}/shared`, { shared: false }))));
    }
    for (const [name, format] of [['Export (Markdown)', 'md'], ['Export (JSON)', 'json']]) {
      const link = element('a', '', name);
      link.href = `conversations/${conversation.id}/export?format=${format}`;
      link.setAttribute('download', '');
      menu.append(link);
    }
    const remove = button('Delete', '', () => {
      if (!remove.classList.contains('sure')) {
        remove.classList.add('sure');
        remove.textContent = 'Delete for good?';
        return;
      }
      tried(async () => {
        await brief.send('DELETE', `conversations/${conversation.id}`);
        if (conversation.id === current) open('');
      })();
    });
    menu.append(remove);
    more.append(summary, menu);
    return more;
  };

  const draw = () => {
    const nodes = [];
    let group = '';
    for (const conversation of all) {
      const when = day(conversation.changed_at);
      if (when !== group) nodes.push(element('h3', '', group = when));
      const row = element('div', 'row');
      const name = button(conversation.title, 'name', () => open(conversation.id));
      name.title = conversation.title;
      if (conversation.id === current) name.setAttribute('aria-current', 'true');
      row.append(name, actions(conversation, row));
      nodes.push(row);
    }
    const none = words.value ? 'None has these words.' : 'What you ask is kept here.';
    list.replaceChildren(...(nodes.length ? nodes : [element('p', 'quiet', none)]));
  };

  // One menu at a time.
  document.addEventListener('click', (event) => {
    for (const more of list.querySelectorAll('details[open]')) {
      if (!more.contains(event.target) || event.target.closest('.menu')) more.open = event.target.classList.contains('sure');
    }
  });
  document.addEventListener('keydown', (event) => {
    const more = event.key === 'Escape' && event.target.closest && event.target.closest('#conversations details[open]');
    if (more) { more.open = false; more.querySelector('summary').focus(); }
  });

  // In a narrow window the list is a drawer.
  const aside = (isOpen) => {
    document.getElementById('past').classList.toggle('open', isOpen);
    document.getElementById('past-button').setAttribute('aria-expanded', String(isOpen));
  };
  document.addEventListener('click', (event) => {
    const at = (selector) => event.target.closest && event.target.closest(selector);
    if (at('#past-button')) {
      const isOpen = !document.getElementById('past').classList.contains('open');
      aside(isOpen);
      if (isOpen) document.querySelector('#conversations button').focus();
    } else if (!at('#past') && event.target.isConnected && document.getElementById('past')) aside(false);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !document.querySelector('#past.open')) return;
    aside(false);
    document.getElementById('past-button').focus();
  });

  const begin = () => {
    const place = document.getElementById('conversations');
    if (!place) { setTimeout(begin, 100); return; }
    const feedback = element('a', 'quiet', 'Export what was judged');
    feedback.href = 'feedback.jsonl';
    place.append(button('New conversation', 'main', () => open('')), words, list, feedback);
    load().catch(() => {});
  };
  begin();
  window.addEventListener('focus', () => load().catch(() => {})); // another tab may have asked
})();
