// Draws what a model said in one step, while it streams and afterwards, so that nothing moves when it ends.
// Model text is untrusted: Markdown through marked, then DOMPurify; no images, no styles, links open elsewhere.
// While a run is live the newest step also listens: any entry in the run's journal makes one rerun of its fragment.
const base = new URL('/assets/vendor/', window.location.href).href;
let libraries;
function load() {
  libraries ??= Promise.all([import(base + 'marked.esm.js'), import(base + 'purify.min.js')])
    .then(([m]) => ({ marked: m.marked, purify: globalThis.DOMPurify }));
  return libraries;
}
load().then((l) => { load.ready = l; }).catch(() => { libraries = undefined; });
const clipboard = import(new URL('/assets/clipboard.js', window.location.href).href);
clipboard.catch(() => {}); // said at the click

// Plain text only where the libraries are long in coming: its marks would vanish again under the reader's eyes.
const PATIENCE_MS = 1000;
const FORBIDDEN = {
  FORBID_TAGS: ['style', 'form', 'img', 'picture', 'video', 'audio', 'input', 'button', 'svg', 'math', 'iframe'],
  FORBID_ATTR: ['style', 'class', 'id', 'name', 'srcset'],
};
const VIEWS = new WeakMap();

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let view = VIEWS.get(parentElement);
  if (!view || view.place !== data.place) {
    if (view) view.close();
    view = new View(parentElement, data.place);
    VIEWS.set(parentElement, view);
  }
  view.update(data, setTriggerValue);
  return () => { view.close(); VIEWS.delete(parentElement); };
}

class View {
  constructor(element, place) {
    this.place = place;
    this.root = element.querySelector('.answer');
    this.root.replaceChildren();
    this.thoughts = this.root.appendChild(document.createElement('details'));
    this.thoughts.hidden = true;
    this.summary = this.thoughts.appendChild(document.createElement('summary'));
    this.thinking = this.thoughts.appendChild(document.createElement('div'));
    this.thinking.className = 'thinking';
    this.body = this.root.appendChild(document.createElement('div'));
    this.body.className = 'body';
    this.pulse = this.root.appendChild(document.createElement('div'));
    this.pulse.className = 'pulse';
    this.pulse.setAttribute('role', 'status');
    this.text = '';
    this.reasoning = '';
    this.blocks = [];
    this.after = -1;
    this.asked = -1;
    this.tries = 0;
    this.fresh = true;
  }

  update(data, trigger) {
    if (data.after > (this.data?.after ?? -1)) { clearTimeout(this.timer); this.timer = null; } // it moved: listen at once
    this.data = data;
    this.trigger = trigger;
    this.after = Math.max(this.after, data.after);
    if (!data.streaming || data.text.length >= this.text.length) this.text = data.text;
    if (!data.streaming || data.reasoning.length >= this.reasoning.length) this.reasoning = data.reasoning;
    if (data.follow && this.fresh) toEnd(this.root, true);
    this.fresh = false;
    this.paint();
    if (data.listen) this.connect();
    else this.close();
    if (this.seen > data.after) this.ask(this.seen);
  }

  connect() {
    if (this.socket || this.timer) return;
    const url = new URL(`/api/runs/${this.data.run}/ws?after=${this.after}`, window.location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = this.socket = new WebSocket(url);
    socket.onopen = () => { this.tries = 0; };
    socket.onmessage = (message) => {
      for (const frame of JSON.parse(message.data)) this.take(frame);
      this.later();
    };
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (event.code === 4404) return;
      const wait = event.code === 1000 ? 2000 : Math.min(5000, 250 * 2 ** this.tries++); // 1000: the run rests
      this.timer = setTimeout(() => { this.timer = null; this.connect(); }, wait);
    };
  }

  take(frame) {
    if (frame.kind !== 'text') {
      if (frame.seq > this.after) { this.after = frame.seq; this.ask(frame.seq); }
      return;
    }
    if (frame.effect !== this.data.effect) return;
    const fresh = frame.reset || frame.attempt !== this.attempt;
    this.attempt = frame.attempt;
    this.text = (fresh ? '' : this.text) + (frame.text ?? '');
    this.reasoning = (fresh ? '' : this.reasoning) + (frame.reasoning ?? '');
    this.waiting = frame.waiting;
  }

  // One rerun at a time: what comes meanwhile is asked for when the page has drawn what it has.
  ask(seq) {
    this.seen = Math.max(this.seen ?? -1, seq);
    if (this.asked >= 0 && this.data.after < this.asked) return;
    this.asked = this.seen;
    this.trigger('changed', this.seen);
    clearTimeout(this.again);
    this.again = setTimeout(() => {
      if (this.data.listen && this.data.after < this.seen) { this.asked = -1; this.ask(this.seen); }
    }, 3000);
  }

  later() {
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.paint(); });
  }

  paint() {
    const streaming = this.data.streaming;
    this.thoughts.hidden = !this.reasoning;
    if (this.reasoning) {
      this.summary.textContent = streaming && !this.text ? 'Thinking…' : this.data.thought || 'Thought';
      if (this.thinking.textContent !== this.reasoning) this.think();
    }
    this.pulse.hidden = !(streaming && !this.text && !this.reasoning);
    this.pulse.textContent = this.pulse.hidden ? '' : this.waiting || this.data.waiting;
    this.body.setAttribute('aria-busy', String(streaming));
    this.body.classList.toggle('stopped', this.data.stopped);
    if (load.ready) { this.render(load.ready); return; }
    if (!this.began) { this.began = performance.now(); setTimeout(() => this.later(), PATIENCE_MS); }
    if (performance.now() - this.began >= PATIENCE_MS) this.body.textContent = this.text;
    load().then((l) => { load.ready = l; this.paint(); }).catch(() => { libraries = undefined; });
  }

  // Who reads along at the end of the thoughts stays there; who looks back is not pulled away.
  think() {
    const box = this.thinking;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 30;
    box.textContent = this.reasoning;
    if (atEnd && this.data.streaming) box.scrollTop = box.scrollHeight;
  }

  // Only the blocks whose source changed are parsed again: normally the last one.
  render({ marked, purify }) {
    if (!this.blocks.length) this.body.replaceChildren();
    let i = 0;
    for (const token of marked.lexer(this.text)) {
      if (token.type === 'space') continue;
      const old = this.blocks[i];
      if (!old || old.raw !== token.raw) {
        const element = old ? old.element : this.body.appendChild(document.createElement('div'));
        element.innerHTML = purify.sanitize(marked.parser([token]), FORBIDDEN);
        for (const link of element.querySelectorAll('a')) { link.target = '_blank'; link.rel = 'noopener noreferrer'; }
        for (const code of element.querySelectorAll('pre')) code.append(copyButton(code.textContent));
        this.blocks[i] = { raw: token.raw, element };
      }
      i++;
    }
    while (this.blocks.length > i) this.blocks.pop().element.remove();
    if (this.data.follow && this.data.streaming) toEnd(this.root, false);
  }

  close() {
    clearTimeout(this.timer);
    this.timer = null;
    clearTimeout(this.again);
    const socket = this.socket;
    this.socket = null;
    if (socket) socket.close();
  }
}

// The page follows a growing answer while its reader is at the end, and begins there.
const NEAR_PX = 160;
function toEnd(root, always) {
  const box = scroller(root) ?? document.querySelector('[data-testid="stMain"]');
  if (!box) return;
  const near = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
  const go = () => { box.scrollTop = box.scrollHeight; };
  if (always) for (const ms of [0, 150, 500]) setTimeout(go, ms); // what stands around it is still being drawn
  else if (near) requestAnimationFrame(go);
}
function scroller(element) {
  let at = element.getRootNode().host ?? element;
  while (at && !(at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY))) at = at.parentElement;
  return at;
}

function copyButton(text) {
  const button = document.createElement('button');
  button.type = 'button';
  const say = (word) => {
    button.textContent = word;
    if (word !== 'Copy') setTimeout(() => say('Copy'), 1500);
  };
  button.onclick = () => clipboard.then(({ copy }) => copy(text)).then(() => say('Copied'), () => say('Refused'));
  say('Copy');
  return button;
}
