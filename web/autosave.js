// Fields that save themselves: what is typed is sent after a pause, one change after the other.
(() => {
  const brief = window.sahelBrief;
  const PAUSE_MS = 700;

  // `tell` says in words how it went: ('Saved', false). Return what makes a field one of these, and
  // what saves all that is not saved yet.
  brief.autosave = (tell) => {
    const fields = new Set(); // functions that save what was not saved yet

    // `save` sends a value; it is handed on how, as of a page that is being left.
    const field = (input, save) => {
      let timer;
      let sending = Promise.resolve();
      let saved = input.value;
      const flush = (how) => {
        clearTimeout(timer);
        sending = sending.then(async () => {
          if (input.value === saved) return;
          const value = input.value;
          await save(value, how);
          saved = value;
          input.removeAttribute('aria-invalid');
          tell('Saved', false);
        }).catch((error) => {
          input.setAttribute('aria-invalid', 'true');
          tell(`Not saved: ${error.message}`, true);
        });
        return sending;
      };
      fields.add(flush);
      input.addEventListener('input', () => {
        clearTimeout(timer);
        tell('', false);
        timer = setTimeout(flush, PAUSE_MS);
      });
      input.addEventListener('change', () => flush());
      // What another tab has written is shown, unless something else is being written here.
      const set = (value) => {
        if (input.value !== saved || document.activeElement === input) return;
        input.value = saved = value;
      };
      return { set, forget: () => { clearTimeout(timer); fields.delete(flush); } };
    };

    return { field, all: (how) => Promise.all([...fields].map((flush) => flush(how))) };
  };
})();
