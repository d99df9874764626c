// How many files are on their way and what became of them, in words: in the panel, on the page's
// Library button while the panel is closed, and for screen readers.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;
  const SHOWN_MS = 60_000; // that all went well; what went wrong stays until the panel is opened
  const none = () => ({ all: 0, ended: 0, added: 0, there: 0, failed: 0 });
  let now = none();
  let sending = 0;
  let timer = 0;
  const line = element('p', 'tally');
  line.hidden = true;
  const spoken = element('p', 'unseen');
  spoken.setAttribute('role', 'status');

  const runs = () => now.ended < now.all;
  const failed = () => now.failed && `${now.failed} could not be added`;
  const outcome = () => [now.added && `${now.added} added`, now.there && `${now.there} already there`, failed()]
    .filter(Boolean).join(', ');
  const step = () => `adding ${now.ended + 1} of ${now.all}`;

  const label = (words) => {
    const button = document.getElementById('library-button');
    clearTimeout(timer);
    button.textContent = words ? `Library · ${words}` : 'Library';
    button.classList.toggle('tells', Boolean(words));
  };

  // Behind an open panel nothing is read aloud, so it has a line of its own.
  const speak = (words) => {
    (brief.panel.open ? spoken : document.getElementById('library-said')).textContent = words;
  };

  const show = () => {
    line.hidden = now.all < 2;
    if (runs()) {
      line.textContent = `${now.ended} of ${now.all} done${now.failed ? `, ${now.failed} failed` : ''}`;
      label(step());
      return;
    }
    line.textContent = `${now.all} done: ${outcome()}`;
    speak(`${outcome()}.`);
    label(brief.panel.open ? '' : failed() || outcome());
    if (now.failed) return;
    timer = setTimeout(() => { label(''); brief.underway.forget(); }, SHOWN_MS);
  };

  brief.tally = {
    lines: [line, spoken],
    // Files, of which some are still to be sent, and such as are left out.
    begun: (files, left, toSend = files) => {
      if (!runs()) now = none();
      sending += toSend;
      now.all += files + left;
      now.ended += left;
      now.failed += left;
      if (files) speak(`Adding ${now.all === 1 ? '1 file' : `${now.all} files`}.`);
      show();
    },
    sent: () => { sending -= 1; },
    // Of a file, or of each that is in an archive: "failed", or the library's word for it.
    ended: (outcomes) => {
      now.ended += 1;
      for (const one of outcomes) {
        now[{ failed: 'failed', added: 'added', replaced: 'added' }[one] || 'there'] += 1;
      }
      show();
    },
    runs,
    opened: () => { if (!runs()) label(''); },
    closed: () => {
      if (runs()) speak(`Still ${step()}.`);
      else line.hidden = true;
    },
  };

  // What has arrived goes on without this page; what has not would be lost.
  window.addEventListener('beforeunload', (event) => { if (sending) event.preventDefault(); });
})();
