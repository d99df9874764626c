// The connection: that it is lost is said, what is on the page stays, and it goes on by itself.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;
  const line = element('p', 'lost');
  line.setAttribute('role', 'alert');
  let failures = 0;

  document.addEventListener('unreachable', () => {
    failures += 1;
    if (failures < 2 || line.isConnected) return; // one may be a network that was just changed
    line.textContent = 'The server cannot be reached. What you see stays; this goes on by itself once app.py runs again.';
    document.body.append(line);
  });
  document.addEventListener('reached', () => {
    const was = line.isConnected;
    failures = 0;
    line.remove();
    if (!was) return;
    // It may have been started anew, and then knows this tab's conversation only by its id.
    if (brief.conversation()) document.getElementById('resume').click();
    brief.tell('The server is there again.');
  });

  // A file that is dropped beside the library would replace the page.
  for (const kind of ['dragover', 'drop']) {
    document.addEventListener(kind, (event) => {
      if (event.defaultPrevented || !event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      if (kind === 'drop') brief.tell('Open the library to add files: drop them there.');
    });
  }
})();
