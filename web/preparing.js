// A question that is being typed is sent ahead in the pauses, so that its evidence is found and read
// by the time it is asked. The server does that only while nobody waits, and nothing is shown of it.
(() => {
  const brief = window.sahelBrief;
  const PAUSE_MS = 250;
  const LEAST_WORDS = 3;
  let timer = 0;
  let sent = '';
  let running = false;

  const box = () => document.querySelector('#ask textarea');

  const prepare = async () => {
    const typed = box().value.trim();
    if (running || brief.busy() || typed === sent || typed.split(/\s+/).length < LEAST_WORDS) return;
    running = true;
    sent = typed;
    const question = { question: typed, conversation: brief.conversation(), selection: await brief.selection() };
    await brief.send('POST', 'prepare', question).catch(() => {}); // then it takes what it takes
    running = false;
    if (box().value.trim() !== sent) later(); // it was typed on meanwhile
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(prepare, PAUSE_MS);
  };
  document.addEventListener('input', ({ target }) => {
    if (target.matches('#ask textarea')) later();
  });
})();
