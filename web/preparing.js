// A question that is being typed is sent ahead, at the end of each word and in the pauses, so that its
// evidence is found and read by the time it is asked. The server does that only while nobody waits,
// and nothing is shown of it.
(() => {
  const brief = window.sahelBrief;
  const PAUSE_MS = 250;
  const LEAST_WORDS = 3;
  let timer = 0;
  let sent = '';

  const box = () => document.querySelector('#ask textarea');

  const prepare = async () => {
    const typed = box().value.trim();
    if (brief.busy() || typed === sent || typed.split(/\s+/).length < LEAST_WORDS) return;
    sent = typed;
    const question = { question: typed, conversation: brief.conversation(), selection: await brief.selection() };
    await brief.send('POST', 'prepare', question).catch(() => {}); // then it takes what it takes
  };
  document.addEventListener('input', ({ target }) => {
    if (!target.matches('#ask textarea')) return;
    clearTimeout(timer);
    timer = setTimeout(prepare, /[\s?]$/.test(target.value) ? 0 : PAUSE_MS);
  });
})();
