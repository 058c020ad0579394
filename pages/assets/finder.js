// A field over every page that finds things by name; keys are enough. What was found is text, never markup.
const PAUSE_MS = 60;
const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);

export default function ({ parentElement, setTriggerValue }) {
  const part = (selector) => parentElement.querySelector(selector);
  const dialog = part('dialog'), field = part('input'), list = part('#found');
  const none = part('.none'), status = part('.status'), button = part('.open');
  let found = [], at = 0, asked, timer;
  button.querySelector('kbd').textContent = isMac ? '⌘K' : 'Ctrl K';
  button.setAttribute('aria-keyshortcuts', isMac ? 'Meta+K' : 'Control+K');
  button.setAttribute('aria-label', 'Find anything');

  const mark = (to) => {
    at = found.length ? (to + found.length) % found.length : 0;
    [...list.children].forEach((one, place) => one.setAttribute('aria-selected', String(place === at)));
    if (!found.length) return field.removeAttribute('aria-activedescendant');
    field.setAttribute('aria-activedescendant', list.children[at].id);
    list.children[at].scrollIntoView({ block: 'nearest' });
  };
  const open = (one) => { dialog.close(); setTriggerValue('open', { kind: one.kind, key: one.key }); };
  const row = (one, place) => {
    const option = document.createElement('div');
    option.id = `found-${place}`;
    option.setAttribute('role', 'option');
    for (const name of ['kind', 'title', 'detail']) {
      const text = document.createElement('span');
      text.className = name;
      text.textContent = one[name];
      option.append(text);
    }
    option.onclick = () => open(one);
    option.onmousemove = () => { if (at !== place) mark(place); };
    return option;
  };
  const show = (news) => {
    found = news;
    list.replaceChildren(...found.map(row));
    none.hidden = found.length > 0;
    status.textContent = found.length === 1 ? '1 found' : `${found.length} found`;
    mark(0);
  };
  const ask = async () => {
    asked?.abort();
    const mine = asked = new AbortController();
    try {
      const address = new URL('/api/find', window.location.href);
      address.searchParams.set('q', field.value);
      const answer = await fetch(address, { signal: mine.signal });
      if (!answer.ok) throw new Error(await answer.text());
      show(await answer.json());
    } catch (error) {
      if (error.name === 'AbortError') return;
      show([]);
      none.hidden = false;
      status.textContent = 'The server does not answer.';
    }
  };
  const begin = () => {
    if (dialog.open) return;
    field.value = '';
    dialog.showModal();
    field.focus();
    ask();
  };
  const onKey = (event) => {
    if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    begin();
  };
  const inside = (event) => {
    event.stopPropagation(); // Escape and letters mean something else on the page below
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1 };
    if (event.key in moves) { event.preventDefault(); mark(moves[event.key]); }
    if (event.key === 'Enter' && !event.isComposing && found[at]) { event.preventDefault(); open(found[at]); }
  };
  button.onclick = begin;
  field.oninput = () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE_MS); };
  dialog.onkeydown = inside;
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  document.addEventListener('keydown', onKey, true);
  return () => { clearTimeout(timer); asked?.abort(); document.removeEventListener('keydown', onKey, true); };
}
