// Marks of citations on the pages of a PDF as they are printed: where each stands the server knows.
(() => {
  const brief = window.sahelBrief;
  const { element, viewer, leaves } = brief;
  let known = new Map(); // "start-end" -> [{page, boxes}]
  let of = null; // the document that they are of
  let drawn = 0; // how often marks were asked for

  // Where spans of the document are printed: for each [{page, boxes}], of which a box is
  // [left, top, right, foot] in shares of the page.
  const find = async (spans) => {
    if (of !== leaves.of()) [known, of] = [new Map(), leaves.of()];
    const own = known;
    const key = ({ start, end }) => `${start}-${end}`;
    const fresh = [...new Set(spans.map(key))].filter((k) => !own.has(k));
    if (of && fresh.length) {
      const answer = await fetch(leaves.address(`marks?spans=${fresh.join()}&`)).catch(() => null);
      const found = answer?.ok ? await answer.json() : [];
      found.forEach((pages, n) => own.set(fresh[n], pages));
    }
    return spans.map((span) => own.get(key(span)) || []);
  };

  const box = (kind, [left, top, right, foot]) => {
    const node = element('mark', kind);
    const share = (x) => `${100 * x}%`;
    Object.assign(node.style, {
      left: share(left), top: share(top), width: share(right - left), height: share(foot - top),
    });
    return node;
  };

  // Mark citations, [{start, end, words, chosen}]. Gives the first mark of the chosen one, or what
  // says on its page that there is none.
  const mark = async (citations) => {
    const turn = drawn += 1;
    const now = leaves.of();
    const found = await find(citations);
    if (turn !== drawn || now !== leaves.of()) return null;
    viewer.leaves.querySelectorAll('mark, .unmarked').forEach((node) => node.remove());
    let first = null;
    citations.forEach(({ start, words, chosen }, n) => {
      const nodes = found[n].flatMap(({ page, boxes }) => boxes.map((b) => {
        const node = box(chosen ? 'chosen' : 'cited', b);
        const leaf = leaves.leaf(page);
        if (leaf) leaves.face(leaf).append(node);
        return node;
      }));
      // A picture has no words for who listens.
      if (nodes.length) nodes[0].append(element('span', 'unseen', words));
      if (!chosen) return;
      [first] = nodes;
      const leaf = leaves.leaf(brief.printed.pageOf(start));
      if (first || !leaf) return;
      first = element('p', 'unmarked', 'The cited words could not be found on this picture. Text has them.');
      leaf.prepend(first);
    });
    return first;
  };

  brief.marks = { find, mark };
})();
