// Which files this tab is adding, remembered over a reload: the server goes on with what has arrived.
(() => {
  const brief = window.sahelBrief;
  const KEY = 'adding';
  // Of each file its name and, once it has arrived, its job; or in words why it never will be one.
  let all = [];

  const keep = () => {
    try {
      if (all.length) sessionStorage.setItem(KEY, JSON.stringify(all));
      else sessionStorage.removeItem(KEY);
    } catch { /* no room: then a reload knows no more of it */ }
  };
  const kept = () => {
    try {
      const found = JSON.parse(sessionStorage.getItem(KEY) || '[]');
      return found.filter((one) => one && (one.name || one.failed));
    } catch {
      return [];
    }
  };

  brief.underway = {
    keep,
    add: (name) => {
      const one = { name };
      all.push(one);
      keep();
      return one;
    },
    failed: (one, words) => {
      if (!all.includes(one)) all.push(one);
      one.failed = words;
      keep();
    },
    forget: () => { all = []; keep(); },
    // Those before the reload: what the server has, and in words what has become of the others.
    before: () => {
      all = kept();
      for (const one of all) {
        if (!one.job) one.failed = one.failed || `${one.name} was not sent, as the page was left. Add it again.`;
      }
      keep();
      return [all.filter((one) => !one.failed), all.filter((one) => one.failed).map((one) => one.failed)];
    },
  };
})();
