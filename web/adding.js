// Files that are dropped or chosen go to the library, each with its own progress and outcome.
(() => {
  const brief = window.sahelBrief;
  const { element, underway } = brief;
  const AT_ONCE = 2;
  const waiting = [];
  let running = 0;
  const jobs = element('ul', 'jobs');
  jobs.setAttribute('aria-label', 'Files being added');
  jobs.tabIndex = 0; // it scrolls
  jobs.hidden = true;

  const step = (job, say) => {
    const where = job.of > 1 ? `${job.nth} of ${job.of}, ${job.name}: ` : '';
    const share = job.total ? job.done / job.total : 0;
    const words = job.total ? `indexing, ${job.done} of ${job.total} passages`
      : { waiting: 'waiting for the library', indexing: 'indexing' }[job.state] || 'reading';
    say(where + words, job.total || job.of > 1 ? (job.nth - 1 + share) / job.of : undefined);
  };

  // What failed and what runs stands above what is done, and that above what waits.
  const raise = (row) => {
    row.remove();
    jobs.insertBefore(row, jobs.querySelector('li:not(.failed)'));
  };

  const end = (row, message, members) => {
    const failed = members.filter((m) => m.outcome === 'failed');
    const rest = members.filter((m) => m.outcome !== 'failed');
    row.classList.add(failed.length ? 'failed' : 'done');
    if (failed.length) raise(row);
    row.querySelector('.status').textContent = message;
    row.querySelector('progress').remove();
    const notes = ({ notices }) => notices.map((words) => element('p', 'note', words));
    if (members.length === 1) {
      row.append(...notes(members[0]));
      return;
    }
    row.append(...failed.map((m) => element('p', 'problem', m.message)));
    if (!rest.length) return;
    const details = element('details');
    details.append(element('summary', 'quiet', failed.length ? 'What became of the others' : 'What became of each'));
    for (const member of rest) details.append(element('p', 'member', member.message), ...notes(member));
    row.append(details);
  };

  const add = async (item) => {
    const { row, status, bar } = item;
    const say = (words, share) => {
      status.textContent = words;
      if (share === undefined) bar.removeAttribute('value');
      else bar.value = share;
    };
    raise(row);
    let { message, members } = { message: '', members: [{ outcome: 'failed', notices: [] }] };
    try {
      if (!item.sent.job) {
        item.sent.job = await brief.sendFile(item, say).finally(brief.tally.sent);
        underway.keep();
      }
      ({ message, members } = await brief.follow(item.sent.job, (job) => step(job, say)));
    } catch (error) {
      ({ message } = error);
      if (error.job) ({ members } = error.job);
      else underway.failed(item.sent, message);
    }
    end(row, message, members);
    brief.tally.ended(members.map((m) => m.outcome));
    await brief.refresh().catch(() => {});
  };

  const next = async () => {
    if (running >= AT_ONCE || !waiting.length) return;
    running += 1;
    await add(waiting.shift());
    running -= 1;
    next();
  };

  const failed = (words) => {
    const row = element('li', 'failed');
    row.append(element('span', 'status', words));
    raise(row);
  };

  const wait = (item, sent) => {
    const row = element('li');
    const status = element('span', 'status', 'waiting for the others');
    const bar = element('progress');
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute('aria-label', sent.name);
    row.append(element('span', 'file', sent.name), status, bar);
    jobs.append(row);
    waiting.push({ ...item, sent, row, status, bar });
  };

  const run = () => {
    jobs.hidden = false;
    for (let n = 0; n < AT_ONCE; n += 1) next();
  };

  const addAll = ({ files, left }) => {
    if (!files.length && !left.length) return;
    for (const words of left) { failed(words); underway.failed({}, words); }
    for (const item of files) wait(item, underway.add(item.name));
    brief.tally.begun(files.length, left.length);
    run();
  };

  // What was underway when the page was left: followed again, or said to be lost.
  const resume = () => {
    if (!document.getElementById('library-button')) { setTimeout(resume, 100); return; }
    const [sent, lost] = underway.before();
    if (!sent.length && !lost.length) return;
    for (const words of lost) failed(words);
    for (const one of sent) wait({}, one);
    brief.tally.begun(sent.length, lost.length, 0);
    run();
  };
  resume();

  const chooser = (words, className, kind) => {
    const input = element('input');
    Object.assign(input, { type: 'file', multiple: true, hidden: true, ...kind });
    input.addEventListener('change', () => { addAll(brief.chosen(input.files)); input.value = ''; });
    return [brief.button(words, className, () => input.click()), input];
  };

  // The part of the panel where files are added.
  brief.adding = () => {
    const place = element('div', 'drop change');
    place.append(...chooser('Add files …', 'main', { accept: brief.suffixes.join(',') }));
    if ('webkitdirectory' in element('input')) {
      place.append(...chooser('Add a folder …', '', { webkitdirectory: true }));
    }
    place.append(element('span', 'quiet', 'or drop them here'));
    place.append(element('span', 'quiet formats', brief.suffixes.join(' ')));
    const { panel } = brief;
    const over = (is) => panel.classList.toggle('over', is);
    panel.addEventListener('dragover', (event) => {
      event.preventDefault();
      if (!panel.classList.contains('fixed')) over(true);
    });
    panel.addEventListener('dragleave', (event) => { if (!panel.contains(event.relatedTarget)) over(false); });
    panel.addEventListener('drop', (event) => {
      event.preventDefault();
      over(false);
      if (!panel.classList.contains('fixed')) brief.dropped(event.dataTransfer).then(addAll);
    });
    // What has ended and was seen is not shown again, once all that belongs to it has ended.
    panel.addEventListener('close', () => {
      brief.tally.closed();
      if (brief.tally.runs()) return;
      underway.forget();
      jobs.replaceChildren();
      jobs.hidden = true;
    });
    return [place, ...brief.tally.lines, jobs];
  };
})();
