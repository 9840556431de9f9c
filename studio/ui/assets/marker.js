// The first frame, on which a person draws a box around the subject or paints over it.
// props.frame: the frame as a data URL; props.value: '' or JSON {"box": [l, t, r, b]} or {"mask": PNG data URL}.
const KEY_STEP = 0.02;
const picture = element.querySelector('img'), canvas = element.querySelector('canvas');
const width = element.querySelector('input[type=range]');
const pen = canvas.getContext('2d'), mask = document.createElement('canvas');
const accent = getComputedStyle(element).getPropertyValue('--primary-500').trim() || '#e35d2f';
let tool = 'box', box = null, painted = false, start = null, sent = null;

const ratio = number => Math.min(1, Math.max(0, number));
const place = event => {
  const at = canvas.getBoundingClientRect();
  return [ratio((event.clientX - at.left) / at.width), ratio((event.clientY - at.top) / at.height)];
};

function choose(name) {
  tool = name;
  element.querySelectorAll('[data-tool]').forEach(b => b.setAttribute('aria-pressed', String(b.dataset.tool === name)));
  width.closest('label').hidden = name === 'box';
}

function clear() {
  box = null; painted = false;
  mask.getContext('2d').clearRect(0, 0, mask.width, mask.height);
}

function draw() {
  const w = canvas.width, h = canvas.height;
  pen.clearRect(0, 0, w, h);
  if (box) {
    const [l, t, r, b] = [box[0] * w, box[1] * h, box[2] * w, box[3] * h];
    pen.fillStyle = 'rgba(20, 18, 16, .55)';
    pen.fillRect(0, 0, w, h);
    pen.clearRect(l, t, r - l, b - t);
    pen.strokeStyle = accent; pen.lineWidth = Math.max(2, w / 200);
    pen.strokeRect(l, t, r - l, b - t);
  } else if (painted) {
    pen.globalAlpha = 0.55;
    pen.drawImage(mask, 0, 0);
    pen.globalAlpha = 1;
  }
}

function send() {
  sent = box ? JSON.stringify({box: box.map(side => Number(side.toFixed(4)))})
    : painted ? JSON.stringify({mask: mask.toDataURL('image/png')}) : '';
  props.value = sent;
  trigger('change');
}

function read() {
  if (props.value === sent || !props.value) { if (!props.value) { clear(); draw(); } return; }
  sent = props.value;
  clear();
  try {
    const found = JSON.parse(props.value);
    if (found.box) { box = found.box; choose('box'); }
  } catch { /* not a mark: nothing is drawn */ }
  draw();
}

function show() {
  element.querySelector('.zoe-marker').classList.toggle('zoe-empty-frame', !props.frame);
  if (!props.frame || picture.src === props.frame) return;
  const another = Boolean(picture.getAttribute('src'));
  picture.onload = () => {
    canvas.width = mask.width = picture.naturalWidth;
    canvas.height = mask.height = picture.naturalHeight;
    if (another) { clear(); send(); }
    draw();
  };
  picture.src = props.frame;
}

function dab(from, to) {
  const brush = mask.getContext('2d');
  brush.globalCompositeOperation = tool === 'erase' ? 'destination-out' : 'source-over';
  brush.strokeStyle = accent; brush.lineCap = brush.lineJoin = 'round';
  brush.lineWidth = width.value / 100 * mask.width;
  brush.beginPath();
  brush.moveTo(from[0] * mask.width, from[1] * mask.height);
  brush.lineTo(to[0] * mask.width + 0.01, to[1] * mask.height);
  brush.stroke();
  if (tool === 'brush') painted = true;
}

canvas.addEventListener('pointerdown', event => {
  if (!props.frame) return;
  canvas.setPointerCapture(event.pointerId);
  start = place(event);
  if (tool === 'box') { clear(); } else { box = null; dab(start, start); }
  draw();
});
canvas.addEventListener('pointermove', event => {
  if (!start) return;
  const now = place(event);
  if (tool === 'box') {
    box = [Math.min(start[0], now[0]), Math.min(start[1], now[1]), Math.max(start[0], now[0]), Math.max(start[1], now[1])];
  } else { dab(start, now); start = now; }
  draw();
});
const lift = () => {
  if (!start) return;
  start = null;
  if (box && (box[2] - box[0] < 0.02 || box[3] - box[1] < 0.02)) { box = null; draw(); }
  send();
};
canvas.addEventListener('pointerup', lift);
canvas.addEventListener('pointercancel', lift);
canvas.addEventListener('keydown', event => {
  const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
  if (!way || tool !== 'box' || !props.frame) return;
  event.preventDefault();
  let [l, t, r, b] = box || [0.25, 0.25, 0.75, 0.75];
  const [dx, dy] = way.map(step => step * KEY_STEP);
  if (event.shiftKey) { r = Math.max(l + KEY_STEP, ratio(r + dx)); b = Math.max(t + KEY_STEP, ratio(b + dy)); }
  else if (l + dx >= 0 && r + dx <= 1 && t + dy >= 0 && b + dy <= 1) { l += dx; r += dx; t += dy; b += dy; }
  clear();
  box = [l, t, r, b];
  draw(); send();
});
element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.tool) choose(button.dataset.tool);
  if ('clear' in button.dataset) { clear(); draw(); send(); }
});
watch(['frame'], show);
watch(['value'], read);
show();
read();
