// "Ask only": which documents this tab's questions are asked of. It lives in the tab alone.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;
  const DATE = /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/;
  let chosen = null; // files of the documents that are asked, so that a new version stays chosen
  let since = '';

  const file = (doc) => doc.file || doc.id;
  const isChosen = (doc) => !chosen || chosen.has(file(doc));
  // "2023" may be any day of it.
  const isRecent = (doc) => !since
    || (doc.as_of && doc.as_of + '-12-31'.slice(doc.as_of.length - 4) >= since);

  // What goes with a question.
  brief.selection = () => {
    const all = brief.documents || [];
    const asked = all.filter(isChosen);
    const documents = asked.length === all.length ? null : asked.map((d) => d.id);
    return JSON.stringify({ documents, since });
  };

  const words = (iso) => {
    const [year, month, day] = iso.split('-').map(Number);
    const shape = { year: 'numeric', timeZone: 'UTC', ...(month && { month: 'long' }), ...(day && { day: 'numeric' }) };
    return new Date(Date.UTC(year, (month || 1) - 1, day || 1)).toLocaleDateString('en-GB', shape);
  };

  // Above the box it is said what the next question is asked of.
  const say = () => {
    const line = document.getElementById('scope');
    const all = brief.documents || [];
    const restricted = all.some((d) => !isChosen(d)) || since;
    everything.hidden = !restricted;
    if (!line) return;
    line.hidden = !restricted;
    const asked = all.filter((d) => isChosen(d) && isRecent(d)).length;
    const parts = [`Asking ${asked || 'none'} of ${all.length} documents`, since && `since ${words(since)}`];
    line.replaceChildren(element('span', '', parts.filter(Boolean).join(' · ')));
    line.append(' · ', brief.button('ask all', '', () => {
      askAll();
      document.querySelector('#ask textarea').focus();
    }));
  };

  const boxes = () => document.querySelectorAll('#library .choose');
  const askAll = () => {
    chosen = null;
    since = date.value = error.textContent = '';
    date.removeAttribute('aria-invalid');
    for (const box of boxes()) box.checked = true;
    say();
  };

  brief.choice = (doc) => {
    const box = element('input', 'choose');
    box.type = 'checkbox';
    box.checked = isChosen(doc);
    box.title = 'Ask this document';
    box.setAttribute('aria-label', `Ask “${doc.title}”`);
    box.addEventListener('change', () => {
      const all = brief.documents.map(file);
      chosen ||= new Set(all);
      if (box.checked) chosen.add(file(doc));
      else chosen.delete(file(doc));
      if (all.every((f) => chosen.has(f))) chosen = null;
      say();
    });
    return box;
  };

  const date = element('input');
  const error = element('span', 'problem');
  const everything = brief.button('Ask all', '', () => { askAll(); date.focus(); });
  everything.hidden = true;

  // The part of the panel that is about asking.
  brief.choosing = () => {
    const place = element('div', 'choosing');
    const none = brief.button('Choose none', '', () => {
      chosen = new Set();
      for (const box of boxes()) box.checked = false;
      say();
    });
    const label = element('label', '', 'Since ');
    date.placeholder = '2023-09';
    date.size = 9;
    error.id = 'since-error';
    error.setAttribute('role', 'alert');
    date.setAttribute('aria-describedby', error.id);
    date.addEventListener('input', () => {
      const is = date.value.trim();
      const right = !is || DATE.test(is);
      if (right) { error.textContent = ''; date.removeAttribute('aria-invalid'); }
      since = right ? is : '';
      say();
    });
    date.addEventListener('change', () => {
      if (!date.value.trim() || DATE.test(date.value.trim())) return;
      error.textContent = 'This is not a date. Write it as 2023, 2023-09 or 2023-09-15.';
      date.setAttribute('aria-invalid', 'true');
    });
    label.append(date);
    place.append(element('span', 'quiet', 'Ask only what is ticked, in this tab:'));
    place.append(label, none, everything, error);
    return [place];
  };

  document.addEventListener('library', say);
})();
