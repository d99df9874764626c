// A small card at a citation that is pointed at or focused: its words, who says them, where, as of
// when. All of it is in the evidence of the same answer. A finger opens the viewer instead.
(() => {
  const brief = window.sahelBrief;
  const { element } = brief;
  const SHOW_MS = 150; // so that a pointer on its way elsewhere shows nothing
  const HIDE_MS = 250; // so that a pointer reaches the card
  const EDGE_PX = 8;
  const card = element('div', 'hint');
  card.id = 'citation-hint';
  card.setAttribute('role', 'tooltip');
  card.hidden = true;
  let chip = null; // the citation it is shown for
  let timer = 0;

  const later = (ms, act) => {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  };

  const hide = () => {
    clearTimeout(timer);
    card.hidden = true;
    if (chip) chip.removeAttribute('aria-describedby');
    chip = null;
  };

  const evidence = (of) => {
    const number = of.textContent.replace(/\D/g, '');
    const strips = of.closest('.card')?.querySelectorAll('ul.evidence a') || [];
    return [...strips].find((a) => a.querySelector('.n')?.textContent.trim() === number);
  };

  // Below the citation, or above where there is more room; inside of the window.
  const place = () => {
    if (!chip) return;
    const box = chip.getBoundingClientRect();
    const [wide, tall] = [document.documentElement.clientWidth, innerHeight];
    card.style.visibility = box.bottom < 0 || box.top > tall ? 'hidden' : '';
    const [below, above] = [tall - box.bottom - 2 * EDGE_PX, box.top - 2 * EDGE_PX];
    card.style.maxHeight = '';
    const up = card.offsetHeight > below && above > below;
    card.style.maxHeight = `${Math.max(up ? above : below, 60)}px`;
    const top = up ? box.top - card.offsetHeight - EDGE_PX / 2 : box.bottom + EDGE_PX / 2;
    const inside = (at, size, room) => `${Math.max(EDGE_PX, Math.min(at, room - size - EDGE_PX))}px`;
    card.style.left = inside(box.left, card.offsetWidth, wide);
    card.style.top = inside(top, card.offsetHeight, tall);
  };

  const show = (of) => {
    const strip = of.isConnected && evidence(of);
    if (!strip || chip === of) return clearTimeout(timer);
    hide();
    chip = of;
    card.replaceChildren(
      element('p', 'quote', strip.querySelector('.quote').textContent),
      element('p', 'where', strip.querySelector('.where').textContent),
    );
    if (!card.isConnected) document.body.append(card);
    card.hidden = false;
    place();
    chip.setAttribute('aria-describedby', card.id);
  };

  const chipAt = ({ target }) => target.closest && target.closest('.card a.chip');

  document.addEventListener('pointerover', (event) => {
    if (event.pointerType === 'touch') return;
    const at = chipAt(event);
    if (at) later(SHOW_MS, () => show(at));
    else if (card.contains(event.target)) clearTimeout(timer);
    else if (chip !== document.activeElement || !chip) later(HIDE_MS, hide);
  });
  document.addEventListener('focusin', (event) => {
    const at = chipAt(event);
    if (at && at.matches(':focus-visible')) show(at);
    else if (chip && !card.contains(event.target)) hide();
  });
  document.addEventListener('focusout', (event) => { if (chip === chipAt(event)) hide(); });
  document.addEventListener('click', (event) => { if (!card.contains(event.target)) hide(); }, true);
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape' && chip) hide(); });
  document.addEventListener('scroll', (event) => { if (event.target !== card) place(); }, true);
  addEventListener('resize', place);
  // An answer that is being given is drawn anew at each step.
  new MutationObserver(() => { if (chip && !chip.isConnected) hide(); })
    .observe(document, { subtree: true, childList: true });
})();
