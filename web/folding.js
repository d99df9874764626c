// How words are compared: however they are accented, in capitals or not, whatever the quotation marks.
(() => {
  const brief = window.sahelBrief;
  const ODD = /[^\x20-\x7e]| {2}/; // all else is folded character by character
  const SAME = {
    ς: 'σ', ß: 'ss', œ: 'oe', æ: 'ae', ø: 'o', ł: 'l', đ: 'd', ı: 'i', '\u00ad': '', ʼ: "'",
    '‘': "'", '’': "'", '“': '"', '”': '"', '«': '"', '»': '"', '‐': '-', '‑': '-', '–': '-', '—': '-',
  };

  const folding = (text) => text.replace(/[^\x00-\x7f]+/g, (odd) => odd.normalize('NFKD')
    .toLowerCase().replace(/\p{M}/gu, '').replace(/[^\x00-\x7f]/gu, (c) => SAME[c] ?? c)).toLowerCase();
  // The words as they are compared; a run of spaces and line breaks is one space.
  const fold = (text) => (ODD.test(text) ? folding(text).replace(/\s\s+|[^\S ]/g, ' ') : text.toLowerCase());

  // Where each unit of the folded words is in the text, and last where that ends.
  const origins = (text) => {
    const at = [];
    let unit = 0;
    let gap = false;
    for (const c of text) {
      for (const folded of folding(c).split('')) {
        const blank = /\s/.test(folded);
        if (!blank || !gap) at.push(unit);
        gap = blank;
      }
      unit += c.length;
    }
    return at;
  };

  // The character there with the accents that follow it.
  const width = (text, at) => text.slice(at).match(/^.\p{M}*/su)[0].length;

  brief.folding = { ODD, fold, origins, width };
})();
