// Files that are dropped or chosen go to the library, each with its own progress and outcome.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;
  const AT_ONCE = 2;
  const waiting = [];
  let running = 0;
  const jobs = element('ul', 'jobs');
  jobs.setAttribute('aria-label', 'Files being added');

  // Follow a job on the server to its end; what went wrong is thrown in its words.
  brief.follow = async (id, onStep) => {
    for (let failures = 0; ;) {
      const answer = await fetch(`jobs/${id}`).catch(() => null);
      if (!answer || !answer.ok) {
        failures += 1;
        if (failures > 20) throw new Error('The server cannot be reached. Is app.py still running?');
      } else {
        const job = await answer.json();
        if (job.state === 'failed') throw new Error(job.message);
        onStep(job);
        if (job.state === 'done') return job;
      }
      await new Promise((resolve) => { setTimeout(resolve, 250); });
    }
  };

  const upload = (file, onShare) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `documents?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader('X-Sahel-Brief', '1');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.addEventListener('progress', (e) => e.lengthComputable && onShare(e.loaded / e.total));
    request.addEventListener('load', () => {
      const got = request.response || {};
      if (request.status === 202) resolve(got.job);
      else reject(new Error(typeof got.detail === 'string' ? got.detail : `${file.name} was refused.`));
    });
    request.addEventListener('error', () => reject(new Error(
      `${file.name} could not be sent. If it is a folder, drop the files in it instead.`)));
    request.send(file);
  });

  const add = async ({ file, row, status, bar }) => {
    const say = (words, share) => {
      status.textContent = words;
      if (share === undefined) bar.removeAttribute('value');
      else bar.value = share;
    };
    try {
      if (file.size > brief.most) {
        throw new Error(`${file.name} is larger than ${brief.most / 1e6} MB. Split it and add the parts.`);
      }
      say('uploading', 0);
      const id = await upload(file, (share) => say(`uploading, ${Math.round(share * 100)} %`, share));
      const job = await brief.follow(id, (now) => {
        if (now.total) say(`indexing, ${now.done} of ${now.total} passages`, now.done / now.total);
        else say({ waiting: 'waiting for the library', indexing: 'indexing' }[now.state] || 'reading');
      });
      row.classList.add('done');
      status.textContent = job.message;
      for (const notice of job.notices) row.append(element('p', 'note', notice));
      await brief.refresh().catch(() => {});
    } catch (error) {
      row.classList.add('failed');
      status.textContent = error.message;
    }
    bar.remove();
  };

  const next = async () => {
    if (running >= AT_ONCE || !waiting.length) return;
    running += 1;
    await add(waiting.shift());
    running -= 1;
    next();
  };

  const addAll = (files) => {
    for (const file of files) {
      const row = element('li');
      const status = element('span', 'status', 'waiting for the others');
      status.setAttribute('role', 'status');
      const bar = element('progress');
      bar.max = 1;
      bar.value = 0;
      bar.setAttribute('aria-label', file.name);
      row.append(element('span', 'file', file.name), status, bar);
      jobs.prepend(row);
      waiting.push({ file, row, status, bar });
      next();
    }
  };

  // The part of the panel where files are added.
  brief.adding = () => {
    const place = element('div', 'drop change');
    const input = element('input');
    input.type = 'file';
    input.multiple = true;
    input.hidden = true;
    input.accept = brief.suffixes.join(',');
    input.addEventListener('change', () => { addAll([...input.files]); input.value = ''; });
    place.append(brief.button('Add files …', 'main', () => input.click()), input);
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
      if (!panel.classList.contains('fixed')) addAll([...event.dataTransfer.files]);
    });
    // What has ended and was seen is not shown again.
    panel.addEventListener('close', () => {
      for (const row of jobs.querySelectorAll('.done, .failed')) row.remove();
    });
    return [place, jobs];
  };
})();
