// An answer with its citations to the clipboard: as text, and as markup for a word processor.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;
  const HASH_CHARS = 16;

  const line = (raw) => String(raw || '').split(/\s+/).filter(Boolean).join(' ');
  const asOf = (iso) => (iso ? `as of ${brief.dateWords(iso)}` : 'no as-of date');

  const asked = (record) => {
    const at = new Date(record.asked_at);
    if (Number.isNaN(at.valueOf())) return '';
    const [date, time] = [at.toISOString().slice(0, 10), at.toISOString().slice(11, 16)];
    return `Asked ${brief.dateWords(date)}, ${time} UTC`;
  };

  const facts = (record) => {
    const removed = record.sentences.filter((s) => s.status === 'removed').length;
    const checked = record.declined ? 'declined' : 'each sentence checked against what it cites';
    const model = record.model ? `language model ${/^[a-z][a-z0-9_]+:/.test(record.model) ? record.model : record.model.split(/[\\/]/).pop()}` : 'quotations, no model';
    return [
      asked(record),
      record.declined ? '' : model,
      checked,
      removed && !record.declined ? `${removed} removed, not carried by the evidence` : '',
      record.stopped ? 'stopped before it was finished' : '',
    ].filter(Boolean).join(' · ');
  };

  const source = (c) => {
    const from = [c.document, c.author, c.source !== c.document && c.source].filter(Boolean).join(' · ');
    const hash = c.document_sha256 ? `; SHA-256 ${c.document_sha256.slice(0, HASH_CHARS)}…` : '';
    const speaker = c.speaker ? `${c.speaker}: ` : '';
    return `${speaker}“${line(c.quote)}” – ${[from, c.place].filter(Boolean).join(', ')}; ${asOf(c.as_of)}${hash}`;
  };

  // The parts of an answer: what is said, in pieces of text and numbers, and the numbered sources.
  const parts = (record) => {
    if (record.declined) {
      const closest = (record.closest || []).map((c) => `“${line(c.quote)}” – ${[c.document, c.place].filter(Boolean).join(', ')}`);
      return { said: [{ text: record.reason || record.answer, notes: [] }], sources: [], closest };
    }
    const said = record.sentences.filter((s) => s.status !== 'removed').map((s) => {
      const lead = s.source ? `${s.source}${s.as_of ? ` (${asOf(s.as_of)})` : ''}: ` : '';
      return { text: lead + (s.status === 'quoted' ? `“${line(s.text)}”` : line(s.text)), notes: s.citations };
    });
    const used = new Set(said.flatMap((s) => s.notes));
    const sources = record.citations.filter((c) => used.has(c.n)).map((c) => [c.n, source(c)]);
    return { said, sources, closest: [] };
  };

  const asText = (record) => {
    const { said, sources, closest } = parts(record);
    return [
      record.question,
      '',
      said.map((s) => s.text + s.notes.map((n) => ` [${n}]`).join('')).join(' '),
      ...(closest.length ? ['', 'The closest passages:', ...closest.map((c) => `- ${c}`)] : []),
      ...(sources.length ? ['', ...sources.map(([n, words]) => `[${n}] ${words}`)] : []),
      '',
      facts(record),
    ].join('\n');
  };

  const asMarkup = (record) => {
    const { said, sources, closest } = parts(record);
    const whole = element('div');
    const question = element('p');
    question.append(element('strong', '', record.question));
    const answer = element('p');
    for (const s of said) {
      answer.append(s.text);
      if (s.notes.length) answer.append(element('sup', '', s.notes.map((n) => `[${n}]`).join('')));
      answer.append(' ');
    }
    whole.append(question, answer);
    if (closest.length) {
      const list = element('ul');
      list.append(...closest.map((c) => element('li', '', c)));
      whole.append(element('p', '', 'The closest passages:'), list);
    }
    for (const [n, words] of sources) whole.append(element('p', '', `[${n}] ${words}`));
    whole.append(element('p', '', facts(record)));
    return whole.innerHTML;
  };

  // Without a secure connection browsers have no other way than this one.
  const copyAsEvent = (text, markup) => {
    const put = (event) => {
      event.preventDefault();
      event.clipboardData.setData('text/plain', text);
      event.clipboardData.setData('text/html', markup);
    };
    document.addEventListener('copy', put, { once: true });
    const done = document.execCommand('copy');
    document.removeEventListener('copy', put);
    if (!done) throw new Error('The browser lets no page use the clipboard here. Mark the answer and copy it by hand.');
  };

  const copy = async (found) => {
    if (!navigator.clipboard || !window.ClipboardItem) {
      const record = await found;
      copyAsEvent(asText(record), asMarkup(record));
      return;
    }
    // Promised, because Safari wants to be asked before anything is fetched.
    const blob = (type, write) => found.then((record) => new Blob([write(record)], { type }));
    const item = new ClipboardItem({
      'text/plain': blob('text/plain', asText), 'text/html': blob('text/html', asMarkup),
    });
    await navigator.clipboard.write([item]).catch(async () => {
      const record = await found; // what went wrong may have been the fetching
      copyAsEvent(asText(record), asMarkup(record));
    });
  };

  // For the button below an answer. Whether it was copied; what went wrong is said.
  brief.copyAnswer = async (recordId) => {
    try {
      await copy(brief.record(recordId));
      brief.tell('Copied with citations.');
      return true;
    } catch (error) {
      brief.tell(error.message);
      return false;
    }
  };
})();
