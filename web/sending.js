// A file on its way to the server, and a job there on its way to its end.
(() => {
  const brief = window.sahelBrief;
  const AGAIN_MS = 2000;
  const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  // Follow a job to its end. Of one that has failed an error is thrown, which has it as `job`.
  brief.follow = async (id, onStep) => {
    for (let failures = 0; ;) {
      const answer = await fetch(`jobs/${id}`).catch(() => null);
      if (answer && answer.status === 404) {
        throw new Error('What became of this is not known, as app.py was started anew. See whether it is in the library.');
      }
      if (!answer || !answer.ok) {
        failures += 1;
        if (failures > 20) throw new Error('The server cannot be reached. Is app.py still running?');
      } else {
        const job = await answer.json();
        if (job.state === 'failed') throw Object.assign(new Error(job.message), { job });
        onStep(job);
        if (job.state === 'done') return job;
      }
      await pause(250);
    }
  };

  // The id of the file's job, null where the server takes no more at present.
  const upload = ({ file, name, folder }, onShare) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `documents?${new URLSearchParams({ name: file.name, folder })}`);
    request.setRequestHeader('X-Sahel-Brief', '1');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.addEventListener('progress', (e) => e.lengthComputable && onShare(e.loaded / e.total));
    request.addEventListener('load', () => {
      const got = request.response || {};
      if (request.status === 202) resolve(got.job);
      else if (request.status === 429) resolve(null);
      else reject(new Error(typeof got.detail === 'string' ? got.detail : `${name} was refused.`));
    });
    request.addEventListener('error', () => reject(new Error(
      `${name} could not be sent. Is it still there, and is app.py still running?`)));
    request.send(file);
  });

  // Send a file and return the id of its job; `say` is told in words, with a share from 0 to 1.
  brief.sendFile = async (item, say) => {
    const most = /.\.zip$/i.test(item.name) ? brief.mostOfArchive : brief.most;
    if (item.file.size > most) {
      throw new Error(`${item.name} is larger than ${most / 1e6} MB. Split it and add the parts.`);
    }
    for (;;) {
      say('uploading', 0);
      const id = await upload(item, (share) => say(`uploading, ${Math.round(share * 100)} %`, share));
      if (id) return id;
      say('waiting: as many files are being added as may be at once');
      await pause(AGAIN_MS);
    }
  };
})();
