// A button that copies a text.
const clipboard = import(new URL('/assets/clipboard.js', window.location.href).href);
clipboard.catch(() => {}); // said at the click

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector('button');
  const icon = button.querySelector('.icon');
  button.title = data.label;
  button.setAttribute('aria-label', data.label);
  const show = (name, label) => {
    icon.textContent = name;
    button.setAttribute('aria-label', label);
    clearTimeout(button.back);
    if (label !== data.label) button.back = setTimeout(() => show('content_copy', data.label), 1500);
  };
  button.onclick = () => clipboard
    .then(({ copy }) => copy(data.text))
    .then(() => show('check', 'Copied'), () => show('error', 'The browser refused'));
}
