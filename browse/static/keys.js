// The keys, and the labels that a reader gives. Everything but labels works without it.
"use strict";
document.documentElement.classList.add("js");

const one = (selector, from = document) => from.querySelector(selector);
const every = (selector, from = document) => [...from.querySelectorAll(selector)];
const isTyping = element => element.matches("input, textarea, select");

for (const select of every("[data-submits]")) select.addEventListener("change", () => select.form.submit());

// A list: j and k go through it.
const lines = every(".line");
let at = -1;
function go(step) {
  if (!lines.length) return false;
  lines[at]?.classList.remove("at");
  at = Math.min(Math.max(at + step, 0), lines.length - 1);
  lines[at].classList.add("at");
  one("a", lines[at]).focus();
  return true;
}

// A page that is judged.
const judge = one("#judge");
const said = one("#said");
// One label after the other, so that the last key decides; the page is left once all are answered.
let saying = Promise.resolve(true);
let waiting = 0;
function say(label) {
  waiting += 1;
  saying = saying.then(() => send(label)).then(kept => {
    waiting -= 1;
    if (kept && !waiting) follow("[data-next]");
    return kept;
  });
}
async function send(label) {
  const body = { id: judge.dataset.id, digest: judge.dataset.digest, label, reason: one("#reason").value, rule: judge.dataset.rule };
  const answer = await fetch(judge.action, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    keepalive: true, // it arrives though the reader goes on
  }).catch(() => null);
  if (!answer || !answer.ok) {
    said.textContent = answer ? await answer.text() : judge.dataset.failed;
    return false;
  }
  said.textContent = judge.dataset.kept;
  for (const button of every("[data-label]", judge)) {
    button.setAttribute("aria-pressed", String(button.dataset.label === label));
  }
  return true;
}
if (judge) {
  judge.addEventListener("submit", event => { // Enter behind a reason: back to the keys
    event.preventDefault();
    one("#main").focus();
  });
  for (const button of every("[data-label]", judge)) button.addEventListener("click", () => say(button.dataset.label));
}
const names = { g: "good", b: "bad", d: "doubtful" };

function toggleOriginal() {
  const link = one("[data-original]");
  if (link) location.assign(link.href);
  return Boolean(link);
}
function follow(selector) {
  const link = one(selector);
  if (link && waiting) saying.then(kept => { if (kept) location.assign(link.href); });
  else if (link) location.assign(link.href);
  return Boolean(link);
}

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && isTyping(event.target)) { event.target.blur(); return; }
  if (isTyping(event.target) || one("dialog[open]")) return;
  const key = event.key;
  if (event.repeat && names[key]) return; // a key that is held down judges one page
  let taken = true;
  if (key === "/") { const field = one("#q"); if (field) { field.focus(); field.select(); } else taken = follow(".brand"); }
  else if (key === "j") taken = go(1) || follow("[data-next]");
  else if (key === "k") taken = go(-1) || follow("[data-previous]");
  else if (key === "?") one("#keys").showModal();
  else if (key === "o") taken = toggleOriginal();
  else if (judge && names[key]) say(names[key]);
  else if (judge && key === "r") one("#reason").focus();
  else taken = false;
  if (taken) event.preventDefault();
});
