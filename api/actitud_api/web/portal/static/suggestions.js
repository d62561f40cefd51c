"use strict";
// Sends a suggestion with the key that is typed, which stays in the page. Every word stands in it too.
(() => {
  const form = document.getElementById("suggest");
  const status = document.getElementById("suggest-status");
  const key = document.getElementById("new-key");
  const words = Object.fromEntries(
    [...document.querySelectorAll("#suggest-words [data-word]")].map((item) => [item.dataset.word, item.textContent.trim()]),
  );
  let attempt = null;

  function say(text, items = []) {
    const told = document.createElement("p");
    told.textContent = text;
    const list = document.createElement("ul");
    for (const item of items) list.appendChild(document.createElement("li")).textContent = item;
    status.replaceChildren(told, ...(items.length ? [list] : []));
    return told;
  }

  // In one line: a line break is a blank.
  const written = (name) => form.elements[name].value.replace(/\s+/g, " ").trim();

  function label(pointer) {
    const control = form.elements[pointer.slice(1)];
    return control ? `${control.labels[0].textContent}: ` : "";
  }

  // Whoever sends the same again after a loss proposes it once; another text is another attempt.
  form.addEventListener("input", () => (attempt = null));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const names = ["kind", "title", "text", "language", "dimension", "indicator"];
    const sent = Object.fromEntries(names.map((name) => [name, written(name) || null]));
    for (const control of [form.elements.title, form.elements.text, key]) {
      if (control.value.trim()) continue;
      say(words.needed);
      control.focus();
      return;
    }
    // Not `randomUUID`, which there is only over HTTPS.
    attempt ??= [...crypto.getRandomValues(new Uint8Array(16))].join("-");
    try {
      const response = await fetch(`/v1/suggestions?lang=${form.dataset.language}`, {
        method: "POST",
        headers: {
          Authorization: `Bearer ${key.value.trim()}`,
          "Content-Type": "application/json",
          "Idempotency-Key": attempt,
        },
        body: JSON.stringify(sent),
        cache: "no-store",
        credentials: "omit",
      });
      const answer = await response.json();
      if (!response.ok) {
        say(answer.detail, (answer.errors ?? []).map((error) => label(error.pointer) + error.detail));
        return;
      }
      say(words.received.replace("{id}", answer.id));
      form.reset();
      attempt = null;
    } catch {
      say(words.unreachable);
    }
  });

  form.hidden = false;
})();
