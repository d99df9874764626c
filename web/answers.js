// What can be done with an answer: add it to the brief, copy it, judge it, ask it again or another way.
// The chat is Gradio's, which draws a card anew when it changes: what is added here is added again.
(() => {
  const brief = window.sahelBrief;
  const { element, button } = brief;
  let pending = {}; // what goes with the next question

  brief.busy = () => Boolean(document.querySelector('#left .stop-button'));
  brief.wanted = () => {
    const sent = JSON.stringify({ ...pending, conversation: brief.conversation() });
    change({});
    return sent;
  };
  const box = () => document.querySelector('#ask textarea');

  // Ask as if it had been typed; `replaces` is the answer in whose place the new one comes.
  brief.ask = (question, replaces = '') => {
    if (brief.busy()) return brief.tell('An answer is being given. Stop it first, or wait.');
    pending = { question, replaces };
    return document.getElementById('go').click();
  };

  // A short word at the bottom of the page, read aloud.
  const toast = element('div', 'toast');
  toast.setAttribute('role', 'status');
  let hiding = 0;
  brief.tell = (words) => {
    if (!toast.isConnected) document.body.append(toast);
    toast.textContent = words;
    toast.classList.add('shown');
    clearTimeout(hiding);
    hiding = setTimeout(() => toast.classList.remove('shown'), 6000);
  };

  // Above the box: that what is typed replaces an earlier question.
  const editing = element('p', 'editing');
  editing.setAttribute('role', 'status');
  const change = (next) => {
    pending = next;
    editing.hidden = !next.replaces || Boolean(next.question);
    if (editing.hidden) return;
    const cancel = button('cancel', '', () => { change({}); setBox(''); box().focus(); });
    editing.replaceChildren('You are editing an earlier question: what came after it is asked anew. ', cancel);
    document.getElementById('scope-line').before(editing);
  };
  const setBox = (text) => {
    const field = box();
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(field, text);
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };

  const record = (id) => fetch(`answers/${id}`).then((r) => {
    if (!r.ok) throw new Error('This answer is not kept any more.');
    return r.json();
  });
  brief.record = record;
  const tried = (act) => () => Promise.resolve(act()).catch((error) => brief.tell(error.message));

  const judge = async (id, thumb, reason = '') => {
    await brief.send('PUT', `answers/${id}/thumb`, { thumb, reason });
    brief.tell(thumb ? 'Thank you. Kept with the question, its evidence and its answer.' : 'Taken back.');
  };

  const REASONS = ['It does not answer my question', 'A figure, name or date is wrong',
    'The report does not say that', 'It should have been answered', 'Something else'];
  const askWhy = (id, actions, done) => {
    const form = element('form', 'why');
    const legend = element('p', '', 'What is wrong with it?');
    const choice = element('select');
    choice.setAttribute('aria-label', 'What is wrong with it?');
    for (const words of REASONS) {
      const option = element('option', '', words);
      option.value = words; // what is kept is in English, whatever is read
      choice.append(option);
    }
    const more = element('input');
    more.placeholder = 'In your words (optional)';
    more.maxLength = 500;
    more.setAttribute('aria-label', 'In your words');
    const send = element('button', 'main', 'Send');
    form.append(legend, choice, more, send, button('Cancel', '', () => { form.remove(); done(false); }));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const reason = [choice.value, more.value.trim()].filter(Boolean).join(': ');
      tried(async () => { await judge(id, 'down', reason); form.remove(); done(true); })();
    });
    actions.after(form);
    choice.focus();
  };

  // Drawn, as not every machine has letters for thumbs.
  const drawn = (turned) => {
    const make = (tag, facts) => {
      const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
      for (const [key, value] of Object.entries(facts)) node.setAttribute(key, value);
      return node;
    };
    const icon = make('svg', { viewBox: '0 0 24 24', width: 16, height: 16, fill: 'none', 'aria-hidden': 'true' });
    icon.append(make('path', {
      d: 'M7 10v11H3V10zM7 10l4-8c2 0 3 1 3 3l-1 4h6c2 0 3 1 2.6 3l-1.6 7c-.3 1-1 2-2.500 2H7',
      stroke: 'currentColor', 'stroke-width': 2, 'stroke-linejoin': 'round',
      transform: turned ? 'rotate(180 12 12)' : '',
    }));
    return icon;
  };

  const thumbs = (id, handle, actions) => {
    const make = (thumb, name) => {
      const node = button('', 'thumb', tried(async () => {
        const was = node.getAttribute('aria-pressed') === 'true';
        if (was) { await judge(id, ''); return press(''); }
        if (thumb === 'up') { await judge(id, 'up'); return press('up'); }
        return askWhy(id, actions, (sent) => { if (sent) press('down'); node.focus(); });
      }));
      node.append(drawn(thumb === 'down'));
      node.setAttribute('aria-label', name);
      node.title = name;
      return node;
    };
    const nodes = { up: make('up', 'A good answer'), down: make('down', 'A wrong answer') };
    const press = (thumb) => {
      for (const [key, node] of Object.entries(nodes)) node.setAttribute('aria-pressed', String(key === thumb));
    };
    press(['up', 'down'].find((thumb) => handle.classList.contains(thumb)));
    return [nodes.up, nodes.down];
  };

  const decorate = (card) => {
    const handle = card.querySelector('a.record');
    if (!handle || card.querySelector('.acts')) return;
    const [, conversation, id] = handle.getAttribute('href').match(/^#answer-(.*)-(.*)$/);
    const actions = element('div', 'acts');
    actions.setAttribute('role', 'group');
    actions.setAttribute('aria-label', 'This answer');
    if (brief.addToBrief) actions.append(button('+ Brief', '', tried(() => brief.addToBrief(id))));
    if (brief.copyAnswer) actions.append(button('Copy', '', tried(() => brief.copyAnswer(id))));
    if (brief.present) actions.append(button('Present', '', tried(() => brief.present(id))));
    actions.append(...thumbs(id, handle, actions));
    actions.append(button('Ask again', '', tried(async () => brief.ask((await record(id)).question, id))));
    actions.append(button('Edit', '', tried(async () => {
      const { question } = await record(id);
      change({ replaces: id });
      setBox(question);
      box().focus();
    })));
    card.append(actions);
    brief.conversationIs(conversation);
    suggest(card, id);
  };

  // What one could ask next, below the last answer alone.
  const suggest = async (card, id) => {
    const cards = document.querySelectorAll('#chat .card.done');
    if (card !== cards[cards.length - 1]) return;
    for (const old of document.querySelectorAll('#chat .next')) old.remove();
    if (card.querySelector('.instead')) return;
    const questions = await fetch(`answers/${id}/next`).then((r) => (r.ok ? r.json() : [])).catch(() => []);
    if (!questions.length || !card.isConnected || card.querySelector('.next')) return;
    const list = element('ul', 'next');
    list.setAttribute('aria-label', 'You could ask next');
    for (const question of questions) {
      const item = element('li');
      item.append(button(question, 'ask', () => brief.ask(question)));
      list.append(item);
    }
    card.append(list);
  };

  document.addEventListener('click', (event) => {
    const link = event.target.closest && event.target.closest('a.ask');
    if (!link) return;
    event.preventDefault();
    brief.ask(link.textContent);
  });

  // A new question comes to the top, so that its answer is read from its beginning.
  let questions = 0;
  const follow = () => {
    const all = document.querySelectorAll('#chat .user-row');
    if (all.length > questions) {
      const scroller = all[all.length - 1].closest('.bubble-wrap');
      if (scroller) scroller.scrollTop += all[all.length - 1].getBoundingClientRect().top - scroller.getBoundingClientRect().top - 8;
    }
    questions = all.length;
  };

  let drawing = 0;
  new MutationObserver(() => {
    cancelAnimationFrame(drawing);
    drawing = requestAnimationFrame(() => {
      document.querySelectorAll('#chat .card.done').forEach(decorate);
      follow();
    });
  }).observe(document, { subtree: true, childList: true });
})();
