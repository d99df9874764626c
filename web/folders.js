// The files in what is dropped or chosen, each with the folder that it lies in, within bounds.
(() => {
  const brief = window.sahelBrief;
  const MOST = 1000; // files and folders of one drop, as in an archive
  const DEEPEST = 12; // folders in each other; the server takes a few more
  const hidden = (name) => name.startsWith('.') || name === '__MACOSX';
  const promised = (ask) => new Promise((resolve, reject) => { ask(resolve, reject); });

  // What is found: files with where they lie, and in words what is left out.
  const nothing = () => ({ files: [], left: [], seen: 0 });

  const isOneMore = (found) => {
    found.seen += 1;
    if (found.seen === MOST + 1) {
      found.left.push(`There are more than ${MOST.toLocaleString('en-GB')} files and folders: those after `
        + 'the first are left out. Add them folder by folder.');
    }
    return found.seen <= MOST;
  };

  const take = (file, folders, found) => {
    const name = [...folders, file.name].join('/');
    const ending = (file.name.match(/.(\.[^.]+)$/) || ['', ''])[1].toLowerCase();
    // Of a file that was meant by itself the server says more.
    if (folders.length && !brief.suffixes.includes(ending)) {
      found.left.push(`${name} is of a format that cannot be read here.`);
    } else found.files.push({ file, name, folder: folders.join('/') });
  };

  const isTooDeep = (path, found) => {
    if (path.length <= DEEPEST) return false;
    found.left.push(`${path.join('/')} lies more than ${DEEPEST} folders deep. Add it by itself.`);
    return true;
  };

  const inside = async (directory) => {
    const reader = directory.createReader();
    const entries = [];
    for (let batch; entries.length <= MOST;) { // Chromium gives a hundred at a time, then none
      batch = await promised((...then) => reader.readEntries(...then));
      if (!batch.length) break;
      entries.push(...batch.filter((e) => !hidden(e.name)));
    }
    return entries.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  };

  const walk = async (entry, folders, found) => {
    if (!isOneMore(found)) return;
    const path = [...folders, entry.name];
    try {
      if (entry.isFile) {
        take(await promised((...then) => entry.file(...then)), folders, found);
        return;
      }
      if (isTooDeep(path, found)) return;
      const entries = await inside(entry);
      if (!entries.length && !folders.length) found.left.push(`There is no file in the folder ${entry.name}.`);
      for (const one of entries) {
        if (found.seen > MOST) return;
        await walk(one, path, found);
      }
    } catch {
      found.left.push(`${path.join('/')} cannot be read. Is it still there, and may you read it?`);
    }
  };

  // Of a drop. What was dropped can only be asked for before this waits for anything.
  brief.dropped = async (moved) => {
    const found = nothing();
    const items = [...moved.items].filter((item) => item.kind === 'file');
    const all = items.map((item) => [item.webkitGetAsEntry && item.webkitGetAsEntry(), item.getAsFile()]);
    for (const [entry, file] of all) {
      if (entry && entry.isDirectory) await walk(entry, [], found);
      else if (file && isOneMore(found)) take(file, [], found);
    }
    return found;
  };

  // Of a file input, also of one for folders.
  brief.chosen = (files) => {
    const found = nothing();
    for (const file of files) {
      const folders = (file.webkitRelativePath || '').split('/').slice(0, -1);
      if (folders.length && [...folders.slice(1), file.name].some(hidden)) continue;
      if (!isOneMore(found)) break;
      if (!isTooDeep(folders, found)) take(file, folders, found);
    }
    return found;
  };
})();
