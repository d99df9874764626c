// "Ask only": which documents this tab's questions are asked of. It lives in the tab alone, where
// it outlives a reload.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;
  const DATE = /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/;
  const KEPT = 'sahel-brief-selection';
  let chosen = null; // files of the documents that are asked, so that a new version stays chosen
  let since = '';
  const keep = () => {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ chosen: chosen && [...chosen], since }));
    } catch { /* a browser that keeps nothing forgets this with the page */ }
  };
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT));
    chosen = kept.chosen && new Set(kept.chosen);
    since = DATE.test(kept.since) ? kept.since : '';
  } catch { /* nothing was kept, or it cannot be read */ }

  const file = (doc) => doc.file || doc.id;
  // All that was chosen is gone, perhaps to come back: until then all are asked.
  const areGone = () => Boolean(chosen && chosen.size && !(brief.documents || []).some((d) => chosen.has(file(d))));
  const isChosen = (doc) => !chosen || chosen.has(file(doc)) || areGone();
  // "2023" may be any day of it.
  const isRecent = (doc) => !since
    || (doc.as_of && doc.as_of + '-12-31'.slice(doc.as_of.length - 4) >= since);

  // What goes with a question. One that is asked right after a reload waits for the documents.
  brief.selection = async () => {
    while (chosen && !brief.documents) await new Promise((resolve) => { setTimeout(resolve, 100); });
    const all = brief.documents || [];
    const asked = all.filter(isChosen);
    const documents = asked.length === all.length ? null : asked.map((d) => d.id);
    return JSON.stringify({ documents, since });
  };

  const words = brief.dateWords = (iso) => {
    const [year, month, day] = iso.split('-').map(Number);
    const shape = { year: 'numeric', timeZone: 'UTC', ...(month && { month: 'long' }), ...(day && { day: 'numeric' }) };
    return new Date(Date.UTC(year, (month || 1) - 1, day || 1)).toLocaleDateString('en-GB', shape);
  };

  // Above the box it is said what the next question is asked of.
  const say = () => {
    keep();
    const line = document.getElementById('scope');
    const all = brief.documents || [];
    const gone = brief.documents && areGone();
    const restricted = gone || all.some((d) => !isChosen(d)) || since;
    everything.hidden = !restricted;
    for (const box of boxes()) box.checked = isChosen({ file: box.dataset.file });
    if (!line) { // Gradio draws the page after the library may have come
      setTimeout(say, 200);
      return;
    }
    line.hidden = !restricted;
    const asked = all.filter((d) => isChosen(d) && isRecent(d)).length;
    const parts = [
      gone && 'None of the documents that were chosen is left',
      gone && !since ? 'asking all' : `Asking ${asked || 'none'} of ${all.length} documents`,
      since && `since ${words(since)}`,
    ];
    line.replaceChildren(element('span', '', parts.filter(Boolean).join(' · ')));
    line.append(' · ', brief.button(gone && !since ? 'all right' : 'ask all', '', () => {
      askAll();
      document.querySelector('#ask textarea').focus();
    }));
  };

  const boxes = () => document.querySelectorAll('#library .choose');
  const askAll = () => {
    chosen = null;
    since = date.value = error.textContent = '';
    date.removeAttribute('aria-invalid');
    say();
  };

  brief.choice = (doc) => {
    const box = element('input', 'choose');
    box.type = 'checkbox';
    box.checked = isChosen(doc);
    box.dataset.file = file(doc);
    box.title = 'Ask this document';
    box.setAttribute('aria-label', `Ask “${doc.title}”`);
    box.addEventListener('change', () => {
      const all = brief.documents.map(file);
      chosen = new Set(brief.documents.filter(isChosen).map(file)); // without what is gone
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
      say();
    });
    const label = element('label', '', 'Since ');
    date.value = since;
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
